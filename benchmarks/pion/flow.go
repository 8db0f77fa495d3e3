package main

import (
	"sort"
	"sync/atomic"
	"time"
)

const (
	mostBytes    = 1 << 20
	mostMessages = 1 << 11
	enough       = "enough"
	end          = "end of flow"
	bounceSize   = 32
)

// countRate gives messages per second and CPU per message, as the fields of Python's Rate.
func countRate(given effort, soFar func() float64) [2]float64 {
	time.Sleep(seconds(given.WarmUpS))
	cpu, startedAt, before := cpuSeconds(), time.Now(), soFar()
	counted := 0.0
	for counted <= 0 {
		time.Sleep(seconds(given.CountS))
		counted = soFar() - before
	}
	took := time.Since(startedAt).Seconds()
	return [2]float64{counted / took, (cpuSeconds() - cpu) / counted}
}

func sendFlow(p *peer, size int, given effort) [2]float64 {
	message := make([]byte, size)
	high := mostBytes
	if mostMessages*size < high {
		high = mostMessages * size
	}
	var sent, isEnough atomic.Int64
	p.listen(func(data []byte, isText bool) {
		if isText && string(data) == enough {
			isEnough.Store(1)
		}
	})
	counted := make(chan [2]float64, 1)
	go func() {
		counted <- countRate(given, func() float64 {
			return float64(sent.Load()) - float64(p.buffered())/float64(size)
		})
	}()
	for isEnough.Load() == 0 || len(counted) == 0 {
		if err := p.channel.Send(message); err != nil {
			panic(err)
		}
		sent.Add(1)
		if p.buffered() > high {
			p.drain(high / 4)
		}
	}
	if err := p.channel.SendText(end); err != nil {
		panic(err)
	}
	p.drain(0)
	return <-counted
}

func receiveFlow(p *peer, given effort) [2]float64 {
	var received atomic.Int64
	started, ended := make(chan struct{}), make(chan struct{})
	p.listen(func(data []byte, isText bool) {
		if received.Add(1) == 1 {
			close(started)
		}
		if isText && string(data) == end {
			close(ended)
		}
	})
	<-started
	rate := countRate(given, func() float64 { return float64(received.Load()) })
	if err := p.channel.SendText(enough); err != nil {
		panic(err)
	}
	<-ended
	return rate
}

// bounce gives how long each of so many round trips took, in microseconds.
func bounce(p *peer, count int) []float64 {
	message := make([]byte, bounceSize)
	took := make([]float64, 0, count)
	done := make(chan struct{})
	var sentAt time.Time
	send := func() {
		sentAt = time.Now()
		if err := p.channel.Send(message); err != nil {
			panic(err)
		}
	}
	p.listen(func([]byte, bool) {
		took = append(took, time.Since(sentAt).Seconds()*1e6)
		if len(took) < count {
			send()
		} else {
			close(done)
		}
	})
	send()
	<-done
	return took
}

func bounceJob(p *peer, given effort) map[string]float64 {
	bounce(p, given.RoundTrips/10)
	cpu := cpuSeconds()
	took := bounce(p, given.RoundTrips)
	used := cpuSeconds() - cpu
	sort.Float64s(took)
	return map[string]float64{
		"p50_us": percentile(took, 50), "p99_us": percentile(took, 99),
		"cpu_us": used / float64(given.RoundTrips) * 1e6,
	}
}

func echoJob(p *peer, given effort) map[string]float64 {
	warmUp := given.RoundTrips / 10
	echoed, cpu := 0, 0.0
	done := make(chan float64, 1)
	p.listen(func(data []byte, _ bool) {
		if err := p.channel.Send(data); err != nil {
			panic(err)
		}
		echoed++
		if echoed == warmUp {
			cpu = cpuSeconds()
		}
		if echoed == warmUp+given.RoundTrips {
			done <- cpuSeconds() - cpu
		}
	})
	return map[string]float64{"cpu_us": <-done / float64(given.RoundTrips) * 1e6}
}
