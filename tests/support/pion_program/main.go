// Command main hosts Pion's peer connections for interop tests, one after the other.
//
// It is commanded through its standard input, a socket, as peer_host.py says; commands and events
// are those of peer.js. The configuration has one member more: "lite" asks for an ICE-lite agent.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/pion/webrtc/v3"
)

const longestLine = 1 << 24

type object = map[string]any

// control is the line to whoever gives the commands.
type control struct {
	conn net.Conn
	lock sync.Mutex
}

func (c *control) emit(message object) { c.emitUntil(nil, message) }

// emitUntil emits, unless the other channel was closed: nothing follows once that is done.
func (c *control) emitUntil(over <-chan struct{}, message object) {
	text, err := json.Marshal(message)
	if err != nil {
		panic(err)
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	select {
	case <-over:
	default:
		_, _ = c.conn.Write(append(text, '\n'))
	}
}

func now() float64 { return float64(time.Now().UnixNano()) / 1e9 }

// peer is one connection and its channels.
type peer struct {
	*control
	pc       *webrtc.PeerConnection
	lock     sync.Mutex
	channels []*webrtc.DataChannel
	restart  bool
	done     chan struct{}
}

// emit tells of an event; one that comes late would be taken for the next connection's.
func (p *peer) emit(event object) { p.emitUntil(p.done, event) }

func (p *peer) observe(what, value string) {
	p.emit(object{"event": "observation", "what": what, "value": value, "at": now()})
}

type configuration struct {
	Lite       bool
	ICEServers []struct {
		URLs       any
		Username   string
		Credential string
	}
	ICETransportPolicy string
}

func newPeer(c *control, given configuration) (*peer, error) {
	settings := webrtc.SettingEngine{}
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetLite(given.Lite)
	config := webrtc.Configuration{}
	if given.ICETransportPolicy == "relay" {
		config.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	for _, each := range given.ICEServers {
		server := webrtc.ICEServer{Username: each.Username, Credential: each.Credential}
		switch urls := each.URLs.(type) {
		case string:
			server.URLs = []string{urls}
		case []any:
			for _, url := range urls {
				server.URLs = append(server.URLs, url.(string))
			}
		}
		config.ICEServers = append(config.ICEServers, server)
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(config)
	if err != nil {
		return nil, err
	}
	p := &peer{control: c, pc: pc, done: make(chan struct{})}
	p.watch()
	return p, nil
}

func (p *peer) watch() {
	p.observe("signalingState", p.pc.SignalingState().String())
	p.observe("iceGatheringState", p.pc.ICEGatheringState().String())
	p.observe("iceConnectionState", p.pc.ICEConnectionState().String())
	p.observe("connectionState", p.pc.ConnectionState().String())
	p.pc.OnSignalingStateChange(func(state webrtc.SignalingState) {
		p.observe("signalingState", state.String())
	})
	p.pc.OnICEGatheringStateChange(func(state webrtc.ICEGathererState) {
		p.observe("iceGatheringState", state.String())
	})
	p.pc.OnICEConnectionStateChange(func(state webrtc.ICEConnectionState) {
		p.observe("iceConnectionState", state.String())
	})
	p.pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		p.observe("connectionState", state.String())
	})
	p.pc.SCTP().Transport().OnStateChange(func(state webrtc.DTLSTransportState) {
		p.observe("dtlsTransport", state.String())
	})
	p.pc.OnICECandidate(func(candidate *webrtc.ICECandidate) {
		if candidate == nil {
			p.emit(object{"event": "icecandidate", "candidate": nil})
			return
		}
		init := candidate.ToJSON()
		p.emit(object{"event": "icecandidate", "candidate": object{
			"candidate": init.Candidate, "sdpMid": init.SDPMid,
			"sdpMLineIndex": init.SDPMLineIndex, "usernameFragment": init.UsernameFragment,
		}})
	})
	p.pc.OnDataChannel(func(channel *webrtc.DataChannel) {
		p.emit(object{
			"event": "datachannel", "channel": p.adopt(channel),
			"label": channel.Label(), "protocol": channel.Protocol(),
		})
	})
}

func (p *peer) adopt(channel *webrtc.DataChannel) int {
	p.lock.Lock()
	index := len(p.channels)
	p.channels = append(p.channels, channel)
	p.lock.Unlock()
	what := "channel " + channel.Label()
	p.observe(what, channel.ReadyState().String())
	channel.OnOpen(func() { p.observe(what, "open") })
	channel.OnClose(func() { p.observe(what, "closed") })
	channel.OnError(func(err error) { p.observe(what+" error", err.Error()) })
	channel.OnMessage(func(message webrtc.DataChannelMessage) {
		if channel.Label() == "heartbeat" {
			p.observe("beat", string(message.Data))
			return
		}
		event := object{"event": "message", "channel": index}
		if message.IsString {
			event["text"] = string(message.Data)
		} else {
			event["base64"] = base64.StdEncoding.EncodeToString(message.Data)
		}
		p.emit(event)
	})
	return index
}

func (p *peer) channel(index int) *webrtc.DataChannel {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.channels[index]
}

func (p *peer) beat(channel *webrtc.DataChannel, period time.Duration) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-ticker.C:
			if channel.ReadyState() == webrtc.DataChannelStateOpen {
				_ = channel.SendText(strconv.FormatFloat(now(), 'f', 6, 64))
			}
		}
	}
}

func (p *peer) describe() (description webrtc.SessionDescription, err error) {
	if p.pc.SignalingState() == webrtc.SignalingStateHaveRemoteOffer {
		return p.pc.CreateAnswer(nil)
	}
	restart := p.restart
	p.restart = false
	return p.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
}

// perform carries out a command; its arguments are JSON.
func (p *peer) perform(command string, arguments []json.RawMessage) (any, error) {
	take := func(index int, target any) {
		if index < len(arguments) {
			if err := json.Unmarshal(arguments[index], target); err != nil {
				panic(err)
			}
		}
	}
	var index int
	switch command {
	case "setLocalDescription":
		var given *webrtc.SessionDescription
		take(0, &given)
		if given == nil {
			made, err := p.describe()
			if err != nil {
				return nil, err
			}
			given = &made
		}
		if err := p.pc.SetLocalDescription(*given); err != nil {
			return nil, err
		}
		return p.pc.LocalDescription(), nil
	case "setRemoteDescription":
		var given webrtc.SessionDescription
		take(0, &given)
		return nil, p.pc.SetRemoteDescription(given)
	case "addIceCandidate":
		var given *webrtc.ICECandidateInit
		take(0, &given)
		if given == nil || given.Candidate == "" {
			return nil, nil // Pion has no end of candidates
		}
		return nil, p.pc.AddICECandidate(*given)
	case "restartIce":
		p.restart = true
		return nil, nil
	case "createDataChannel":
		var label string
		var options webrtc.DataChannelInit
		take(0, &label)
		take(1, &options)
		channel, err := p.pc.CreateDataChannel(label, &options)
		if err != nil {
			return nil, err
		}
		return p.adopt(channel), nil
	case "send":
		var body struct{ Text, Base64 *string }
		take(0, &index)
		take(1, &body)
		if body.Text != nil {
			return nil, p.channel(index).SendText(*body.Text)
		}
		data, err := base64.StdEncoding.DecodeString(*body.Base64)
		if err != nil {
			return nil, err
		}
		return nil, p.channel(index).Send(data)
	case "beat":
		var period float64
		take(0, &index)
		take(1, &period)
		go p.beat(p.channel(index), time.Duration(period*float64(time.Second)))
		return nil, nil
	case "closeChannel":
		take(0, &index)
		return nil, p.channel(index).Close()
	case "getSelectedCandidatePair":
		pair, err := p.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
		if err != nil || pair == nil {
			return nil, err
		}
		return []object{facts(pair.Local), facts(pair.Remote)}, nil
	case "close":
		return nil, p.pc.Close()
	}
	return nil, fmt.Errorf("unknown command %s", command)
}

func facts(candidate *webrtc.ICECandidate) object {
	return object{
		"type": candidate.Typ.String(), "protocol": candidate.Protocol.String(),
		"address": candidate.Address, "port": candidate.Port,
	}
}

func failure(err error) object {
	return object{"error": object{"name": fmt.Sprintf("%T", err), "message": err.Error()}}
}

// shut ends a connection; Pion complains if the other side was first, which is no fault.
func (p *peer) shut() {
	p.control.lock.Lock()
	close(p.done)
	p.control.lock.Unlock()
	_ = p.pc.Close()
}

func main() {
	conn, err := net.FileConn(os.NewFile(0, "control"))
	if err != nil {
		panic(err)
	}
	line := &control{conn: conn}
	var current *peer
	scanner := bufio.NewScanner(conn)
	scanner.Buffer(nil, longestLine)
	for scanner.Scan() {
		var message struct {
			ID     int
			Method string
			Params struct {
				Configuration configuration
				Command       string
				Arguments     []json.RawMessage
			}
		}
		if err := json.Unmarshal(scanner.Bytes(), &message); err != nil {
			panic(err)
		}
		result := object{}
		switch message.Method {
		case "open":
			if current, err = newPeer(line, message.Params.Configuration); err != nil {
				panic(err)
			}
		case "perform":
			value, err := current.perform(message.Params.Command, message.Params.Arguments)
			if result["value"] = value; err != nil {
				result = failure(err)
			}
		case "shut":
			current.shut()
			result["complaints"] = []string{}
		}
		line.emit(object{"id": message.ID, "result": result})
	}
}
