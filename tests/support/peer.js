/**
 * One RTCPeerConnection in a page: driven by commands, watched from its first moment.
 *
 * The file is one function expression. Python installs it as `globalThis.peer` and then awaits
 * `peer.perform(command, ...args)`. What happens in the page leaves through `emit` as JSON objects
 * with an `event` member:
 *
 *   observation    what, value, at     a state and the moment it was seen (seconds, Unix time)
 *   icecandidate   candidate           RTCIceCandidateInit, or null after the last one
 *   datachannel    channel, label, protocol    announced by the remote side
 *   message        channel, text | base64
 *
 * On a channel labelled `heartbeat` each message is the time of its sending, and its arrival is an
 * observation: `beat`.
 */
(configuration, emit) => {
  const send = (event, members) => emit(JSON.stringify({ event, ...members }));
  const seconds = (milliseconds) => milliseconds / 1000;
  const now = () => seconds(performance.timeOrigin + performance.now());
  const observe = (what, value) => send("observation", { what, value, at: now() });

  /** Observes `target[property]` now and at every event of the given type. */
  const catchUp = [];
  const watch = (target, what, property, type) => {
    let last;
    const look = () => observe(what, (last = target[property]));
    target.addEventListener(type, look);
    look();
    catchUp.push(() => target[property] !== last && look());
  };

  // The binary forms, without a detour over a Blob, so that the order of messages is kept.
  const base64FromBytes = (bytes) => {
    let binary = "";
    for (let at = 0; at < bytes.length; at += 0x8000) {
      binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    }
    return btoa(binary);
  };
  const bytesFromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  const pc = new RTCPeerConnection(configuration);
  const channels = [];

  const adopt = (channel) => {
    const index = channels.push(channel) - 1;
    const what = `channel ${channel.label}`;
    channel.binaryType = "arraybuffer";
    for (const type of ["open", "closing", "close"]) {
      channel.addEventListener(type, () => observe(what, channel.readyState));
    }
    channel.addEventListener("error", ({ error }) => observe(`${what} error`, error.message));
    channel.addEventListener("message", ({ data }) => {
      if (channel.label === "heartbeat") return observe("beat", data);
      const body =
        typeof data === "string" ? { text: data } : { base64: base64FromBytes(new Uint8Array(data)) };
      send("message", { channel: index, ...body });
    });
    observe(what, channel.readyState);
    return index;
  };

  watch(pc, "signalingState", "signalingState", "signalingstatechange");
  watch(pc, "iceGatheringState", "iceGatheringState", "icegatheringstatechange");
  watch(pc, "iceConnectionState", "iceConnectionState", "iceconnectionstatechange");
  watch(pc, "connectionState", "connectionState", "connectionstatechange");
  pc.addEventListener("negotiationneeded", () => observe("negotiationneeded", ""));
  pc.addEventListener("icecandidateerror", ({ errorCode, url }) =>
    observe("icecandidateerror", `${errorCode} ${url}`));
  pc.addEventListener("icecandidate", ({ candidate }) =>
    send("icecandidate", { candidate: candidate && candidate.toJSON() }));
  pc.addEventListener("datachannel", ({ channel }) =>
    send("datachannel", {
      channel: adopt(channel),
      label: channel.label,
      protocol: channel.protocol,
    }));

  // Transports come into being with descriptions, never with an event of their own; after a
  // rollback there are others.
  const watched = new Map();
  const watchTransports = () => {
    const sctp = pc.sctp;
    const dtls = sctp?.transport;
    const ice = dtls?.iceTransport;
    const watchOnce = (transport, what, property, type) => {
      if (transport && watched.get(what) !== transport) {
        watched.set(what, transport);
        watch(transport, what, property, type);
      }
    };
    watchOnce(ice, "iceTransport", "state", "statechange");
    watchOnce(ice, "iceTransport gathering", "gatheringState", "gatheringstatechange");
    watchOnce(dtls, "dtlsTransport", "state", "statechange");
    watchOnce(sctp, "sctpTransport", "state", "statechange");
  };
  pc.addEventListener("signalingstatechange", watchTransports);

  const commands = {
    createOffer: async (options) => (await pc.createOffer(options)).toJSON(),
    createAnswer: async () => (await pc.createAnswer()).toJSON(),
    setLocalDescription: async (description) => {
      // Without an argument given, not even `undefined`: that is how applications call it.
      await (description ? pc.setLocalDescription(description) : pc.setLocalDescription());
      watchTransports();
      return pc.localDescription && pc.localDescription.toJSON();
    },
    setRemoteDescription: async (description) => {
      await pc.setRemoteDescription(description);
      watchTransports();
    },
    addIceCandidate: (candidate) => pc.addIceCandidate(candidate),
    restartIce: () => pc.restartIce(),
    setConfiguration: (changed) => pc.setConfiguration(changed),
    addTransceiver: (kind, init) => {
      pc.addTransceiver(kind, init);
    },
    getTransceivers: () =>
      pc.getTransceivers().map(({ mid, direction, currentDirection, receiver, sender }) => ({
        mid, direction, currentDirection, kind: receiver.track.kind,
        transport: sender.transport?.state ?? null,
      })),
    stopTransceiver: (index) => pc.getTransceivers()[index].stop(),
    setDirection: (index, direction) => {
      pc.getTransceivers()[index].direction = direction;
    },
    getStats: async () => [...(await pc.getStats()).values()],
    close: () => {
      pc.close();
      // Events tell nothing of what close() changes: it has to be looked for.
      for (const look of catchUp) look();
    },
    createDataChannel: (label, options) => adopt(pc.createDataChannel(label, options)),
    createDataChannels: (labels) => labels.map((label) => adopt(pc.createDataChannel(label))),
    send: (channel, { text, base64 }) =>
      channels[channel].send(text ?? bytesFromBase64(base64)),
    closeChannel: (channel) => channels[channel].close(),
    beat: (channel, period) => {
      const timer = setInterval(() => {
        const { readyState } = channels[channel];
        if (readyState === "open") channels[channel].send(String(now()));
        if (readyState === "closed") clearInterval(timer);
      }, period * 1000);
    },
    getSelectedCandidatePair: () => {
      const pair = pc.sctp?.transport.iceTransport.getSelectedCandidatePair?.();
      const facts = ({ type, protocol, address, port }) => ({ type, protocol, address, port });
      return pair && [facts(pair.local), facts(pair.remote)];
    },
  };

  /** Resolves to JSON text: `{value}` or `{error: {name, message}}`. */
  const perform = async (command, ...args) => {
    try {
      return JSON.stringify({ value: await commands[command](...args) });
    } catch ({ name, message }) {
      return JSON.stringify({ error: { name, message } });
    }
  };
  return { perform };
}
