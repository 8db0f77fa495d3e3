// The line to Python: events come in over server-sent events, commands go out as POST requests.

export class Link {
  #source = null;
  #sending = Promise.resolve();

  /** Opens a new session. `onEvent` gets each event; `onLost` is called when Python is gone. */
  constructor(onEvent, onLost) {
    this.#source = new EventSource("events");
    this.#source.onmessage = (message) => onEvent(JSON.parse(message.data));
    this.#source.onerror = () => {
      this.close(); // a reconnection would be another session: that is for the user to decide
      onLost();
    };
  }

  /** Sends a command. Commands arrive in the order in which they were given. */
  send(command, args = {}) {
    const request = { method: "POST", body: JSON.stringify(args) };
    this.#sending = this.#sending.then(() => fetch(command, request)).catch(() => {});
  }

  close() {
    this.#source.close();
  }
}
