package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// atOnce is how many pairs connect at the same time where many are wanted.
const atOnce = 10

func cpuSeconds() float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}

func memoryBytes() float64 {
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		panic(err)
	}
	return float64(pages * os.Getpagesize())
}

func seconds(value float64) time.Duration { return time.Duration(value * float64(time.Second)) }

func percentile(ascending []float64, percent int) float64 {
	index := (len(ascending)*percent+99)/100 - 1
	if index < 0 {
		index = 0
	}
	return ascending[index]
}

func median(values []float64) float64 {
	sorted := append([]float64(nil), values...)
	sort.Float64s(sorted)
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

type pair [2]*peer

// connectPair signals through queues in memory.
func connectPair(servers []string) (pair, error) {
	queues := [2]chan signal{make(chan signal, 64), make(chan signal, 64)}
	var both pair
	for index := range both {
		towards := queues[1-index]
		p, err := newPeer(servers, func(s signal) { towards <- s })
		if err != nil {
			return both, err
		}
		both[index] = p
	}
	stop := make(chan struct{})
	defer close(stop)
	for index, p := range both {
		go func(p *peer, queue chan signal) {
			for {
				select {
				case s := <-queue:
					if err := p.receiveSignal(s); err != nil {
						say("error", err.Error())
					}
				case <-stop:
					return
				}
			}
		}(p, queues[index])
	}
	if err := both[0].offer(); err != nil {
		return both, err
	}
	<-both[0].open
	<-both[1].open
	return both, nil
}

func (both pair) close() {
	both[0].close()
	both[1].close()
}

// sinceReached is how many milliseconds after an instant both were at a milestone.
func (both pair) sinceReached(what milestone, startedAt time.Time) float64 {
	last := startedAt
	for _, p := range both {
		// The last event may come a little later than the open channel.
		for p.reached(what).IsZero() {
			time.Sleep(100 * time.Microsecond)
		}
		if at := p.reached(what); at.After(last) {
			last = at
		}
	}
	return last.Sub(startedAt).Seconds() * 1e3
}

func runAlone(given task) (any, error) {
	switch given.Job {
	case "connect":
		return connectJob(given.Effort, given.Parameters.Servers)
	case "setup":
		return setupJob(given.Effort)
	case "idle":
		return idleJob(given.Effort, given.Parameters.Pairs)
	}
	return nil, fmt.Errorf("no job %s alone", given.Job)
}

func runOnEnd(given task, p *peer) (any, error) {
	sizes, effort := given.Parameters.Sizes, given.Effort
	switch given.Job + " " + given.Role {
	case "flow sender":
		rates := make([][2]float64, len(sizes))
		for index, size := range sizes {
			rates[index] = sendFlow(p, size, effort)
		}
		return rates, nil
	case "flow receiver":
		rates := make([][2]float64, len(sizes))
		for index := range sizes {
			rates[index] = receiveFlow(p, effort)
		}
		return rates, nil
	case "roundtrip sender":
		return bounceJob(p, effort), nil
	case "roundtrip receiver":
		return echoJob(p, effort), nil
	}
	return nil, fmt.Errorf("no job %s for %s", given.Job, given.Role)
}

func connectJob(given effort, servers []string) (any, error) {
	var took [milestones][]float64
	cpu, beganAt := cpuSeconds(), time.Now()
	count := 0
	for count < given.Connections && (count == 0 || time.Since(beganAt) < seconds(given.ConnectS)) {
		startedAt := time.Now()
		both, err := connectPair(servers)
		if err != nil {
			return nil, err
		}
		for what := range took {
			took[what] = append(took[what], both.sinceReached(milestone(what), startedAt))
		}
		both.close()
		count++
	}
	all := time.Since(beganAt).Seconds()
	opened := append([]float64(nil), took[channelOpen]...)
	sort.Float64s(opened)
	return map[string]float64{
		"ice_ms":       median(took[iceConnected]),
		"connected_ms": median(took[connected]),
		"open_ms":      median(took[channelOpen]),
		"p95_ms":       percentile(opened, 95),
		"first_ms":     took[channelOpen][0],
		"cpu_ms":       (cpuSeconds() - cpu) / float64(count) * 1e3,
		"pairs_per_s":  float64(count) / all,
	}, nil
}

func setupJob(given effort) (any, error) {
	first, err := connectPair(nil)
	if err != nil {
		return nil, err
	}
	first.close()
	pairs := make([]pair, given.PairsAtOnce)
	cpu, startedAt := cpuSeconds(), time.Now()
	if err := connectAll(pairs); err != nil {
		return nil, err
	}
	took := time.Since(startedAt).Seconds()
	everyPair(pairs, func(index int) { pairs[index].close() })
	count := float64(len(pairs))
	return map[string]float64{
		"pairs_per_s": count / took, "cpu_ms": (cpuSeconds() - cpu) / count * 1e3,
	}, nil
}

// connectAll connects pairs at the same time.
func connectAll(pairs []pair) error {
	errs := make([]error, len(pairs))
	everyPair(pairs, func(index int) { pairs[index], errs[index] = connectPair(nil) })
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func everyPair(pairs []pair, do func(int)) {
	var done sync.WaitGroup
	for index := range pairs {
		done.Add(1)
		go func(index int) {
			defer done.Done()
			do(index)
		}(index)
	}
	done.Wait()
}

func idleJob(given effort, count int) (any, error) {
	first, err := connectPair(nil)
	if err != nil {
		return nil, err
	}
	first.close()
	before := memoryBytes()
	pairs := make([]pair, count)
	for start := 0; start < count; start += atOnce {
		stop := start + atOnce
		if stop > count {
			stop = count
		}
		if err := connectAll(pairs[start:stop]); err != nil {
			return nil, err
		}
	}
	held := memoryBytes() - before
	time.Sleep(seconds(given.RestS))
	cpu, startedAt := cpuSeconds(), time.Now()
	time.Sleep(seconds(given.IdleS))
	used, took := cpuSeconds()-cpu, time.Since(startedAt).Seconds()
	everyPair(pairs, func(index int) { pairs[index].close() })
	return map[string]float64{
		"kb_per_pair": held / float64(count) / 1e3, "cpu_us_per_pair_s": used / took / float64(count) * 1e6,
	}, nil
}
