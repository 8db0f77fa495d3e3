// Command main is the benchmarks' worker for Pion; its arguments, standard input and output are those
// of worker.py, and what each job does is told in the Python module of the same name.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

const longestLine = 1 << 20

// version is filled in by the linker.
var version string

type object = map[string]any

// effort has those fields of Python's Effort that a job here needs.
type effort struct {
	Connections int
	ConnectS    float64 `json:"connect_s"`
	PairsAtOnce int     `json:"pairs_at_once"`
	WarmUpS     float64 `json:"warm_up_s"`
	CountS      float64 `json:"count_s"`
	RoundTrips  int     `json:"round_trips"`
	RestS       float64 `json:"rest_s"`
	IdleS       float64 `json:"idle_s"`
}

type parameters struct {
	Servers []string
	Sizes   []int
	Pairs   int
}

type task struct {
	Role       string
	Job        string
	Effort     effort
	Parameters parameters
}

var output sync.Mutex

func say(key string, value any) {
	text, err := json.Marshal(object{key: value})
	if err != nil {
		panic(err)
	}
	output.Lock()
	defer output.Unlock()
	fmt.Printf("%s\n", text)
}

// runEnd connects one end, runs its job, and closes when the parent has both results.
func runEnd(given task) (any, error) {
	p, err := newPeer(given.Parameters.Servers, func(s signal) { say("signal", s) })
	if err != nil {
		return nil, err
	}
	defer p.close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(os.Stdin)
		lines.Buffer(nil, longestLine)
		for lines.Scan() {
			var s signal
			if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
				panic(err)
			}
			if err := p.receiveSignal(s); err != nil {
				say("error", err.Error())
			}
		}
	}()
	if given.Role == "sender" {
		if err := p.offer(); err != nil {
			return nil, err
		}
	}
	<-p.open
	result, err := runOnEnd(given, p)
	if err == nil {
		say("result", result)
		<-ended
	}
	return nil, err
}

func main() {
	var given task
	if err := json.Unmarshal([]byte(os.Args[2]), &given); err != nil {
		panic(err)
	}
	var result any
	var err error
	switch given.Role {
	case "version":
		result = version
	case "alone":
		result, err = runAlone(given)
	default:
		result, err = runEnd(given)
	}
	if err != nil {
		say("error", err.Error())
		os.Exit(1)
	}
	if result != nil {
		say("result", result)
	}
}
