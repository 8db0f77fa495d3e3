package main

import (
	"sync"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/webrtc/v3"
)

// signal is a description or a candidate, as peer.py has it.
type signal struct {
	Type          string  `json:"type,omitempty"`
	SDP           string  `json:"sdp,omitempty"`
	Candidate     string  `json:"candidate,omitempty"`
	SDPMid        *string `json:"sdpMid,omitempty"`
	SDPMLineIndex *uint16 `json:"sdpMLineIndex,omitempty"`
}

type milestone int

const (
	iceConnected milestone = iota
	connected
	channelOpen
	milestones
)

// peer is one end of a connection with one data channel.
type peer struct {
	pc         *webrtc.PeerConnection
	sendSignal func(signal)
	open       chan struct{}
	low        chan struct{}
	lock       sync.Mutex
	channel    *webrtc.DataChannel
	reachedAt  [milestones]time.Time
	described  bool
	early      []signal
	handler    func([]byte, bool)
	backlog    []webrtc.DataChannelMessage
}

func newPeer(servers []string, sendSignal func(signal)) (*peer, error) {
	settings := webrtc.SettingEngine{}
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	config := webrtc.Configuration{}
	if len(servers) > 0 {
		config.ICEServers = []webrtc.ICEServer{{URLs: servers}}
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(config)
	if err != nil {
		return nil, err
	}
	p := &peer{
		pc: pc, sendSignal: sendSignal, open: make(chan struct{}), low: make(chan struct{}, 1),
	}
	pc.OnICEConnectionStateChange(func(state webrtc.ICEConnectionState) {
		if state == webrtc.ICEConnectionStateConnected {
			p.reach(iceConnected)
		}
	})
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			p.reach(connected)
		}
	})
	pc.OnICECandidate(p.signalCandidate)
	pc.OnDataChannel(p.adopt)
	return p, nil
}

func (p *peer) reach(what milestone) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if !p.reachedAt[what].IsZero() {
		return
	}
	p.reachedAt[what] = time.Now()
	if what == channelOpen {
		close(p.open)
	}
}

func (p *peer) reached(what milestone) time.Time {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.reachedAt[what]
}

func (p *peer) offer() error {
	channel, err := p.pc.CreateDataChannel("benchmark", nil)
	if err != nil {
		return err
	}
	p.adopt(channel)
	description, err := p.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	return p.describe(description)
}

func (p *peer) receiveSignal(s signal) error {
	if s.Candidate != "" {
		return p.pc.AddICECandidate(webrtc.ICECandidateInit{
			Candidate: s.Candidate, SDPMid: s.SDPMid, SDPMLineIndex: s.SDPMLineIndex,
		})
	}
	given := webrtc.SessionDescription{Type: webrtc.NewSDPType(s.Type), SDP: s.SDP}
	if err := p.pc.SetRemoteDescription(given); err != nil || s.Type != "offer" {
		return err
	}
	description, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return err
	}
	return p.describe(description)
}

// describe signals a description, and then the candidates that came before anybody could use them.
func (p *peer) describe(description webrtc.SessionDescription) error {
	if err := p.pc.SetLocalDescription(description); err != nil {
		return err
	}
	p.sendSignal(signal{Type: description.Type.String(), SDP: description.SDP})
	p.lock.Lock()
	defer p.lock.Unlock()
	p.described = true
	for _, candidate := range p.early {
		p.sendSignal(candidate)
	}
	return nil
}

func (p *peer) signalCandidate(candidate *webrtc.ICECandidate) {
	if candidate == nil {
		return
	}
	init := candidate.ToJSON()
	s := signal{Candidate: init.Candidate, SDPMid: init.SDPMid, SDPMLineIndex: init.SDPMLineIndex}
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.described {
		p.sendSignal(s)
	} else {
		p.early = append(p.early, s)
	}
}

func (p *peer) adopt(channel *webrtc.DataChannel) {
	p.channel = channel
	channel.OnMessage(func(message webrtc.DataChannelMessage) {
		p.lock.Lock()
		handler := p.handler
		if handler == nil {
			p.backlog = append(p.backlog, message)
		}
		p.lock.Unlock()
		if handler != nil {
			handler(message.Data, message.IsString)
		}
	})
	channel.OnBufferedAmountLow(func() {
		select {
		case p.low <- struct{}{}:
		default:
		}
	})
	channel.OnOpen(func() { p.reach(channelOpen) })
}

// listen calls the handler with each message from now on, and with those that nobody has heard.
func (p *peer) listen(handler func(data []byte, isText bool)) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.handler = handler
	for _, message := range p.backlog {
		handler(message.Data, message.IsString)
	}
	p.backlog = nil
}

func (p *peer) buffered() int { return int(p.channel.BufferedAmount()) }

// drain waits until at most low bytes are queued.
func (p *peer) drain(low int) {
	p.channel.SetBufferedAmountLowThreshold(uint64(low))
	for p.buffered() > low {
		select {
		case <-p.low:
		case <-time.After(time.Millisecond):
			// The event tells of the crossing, which may have been before the threshold was set.
		}
	}
}

func (p *peer) close() { _ = p.pc.Close() }
