// What the page shows: the list, one connection, a recording that was opened, or what is in it.

import { ListPage } from "./list_page.js";
import { Session } from "./session.js";
import { SessionPage } from "./session_page.js";
import { Refusal, askForConnection, repeat, send } from "./source.js";

const OPENED = "opened"; // the place of a recording that was dropped onto the page
const GONE = "The process that answers does not have this connection; this is the last that was seen of it.";
const byId = (id) => document.getElementById(id);

let leave = () => {};
let opened = null;

function show(page) {
  byId("main").replaceChildren(page.element);
  document.title = `${page.title} – frazil`;
}

function showList() {
  const page = new ListPage();
  show(page);
  leave = keep(() => page.refresh());
}

function showConnection(id) {
  let session = null;
  let page = null;
  const end = keep(async () => {
    const view = await askForConnection(id, session?.view.mark);
    if (location.hash !== `#${encodeURIComponent(id)}`) return;
    if (session === null) {
      session = new Session(view);
      page = new SessionPage(session);
      show(page);
    } else {
      session.take(view);
    }
    page.draw();
    if (!view.is_live) end();
  }, () => {
    end();
    if (page) page.end(GONE);
    else location.hash = "";
  });
  leave = end;
}

function showRecording(view) {
  const page = new SessionPage(new Session(view));
  show(page);
  page.draw();
}

/** Repeats `work`; says so when the process does not answer, and calls `gone` when nothing is there. */
function keep(work, gone = () => {}) {
  return repeat(async () => {
    try {
      await work();
      say("");
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) gone();
      else if (error instanceof Refusal) say(`The process refuses to answer (${error.message}).`);
      else if (error instanceof TypeError) say("The process does not answer.");
      else throw error;
    }
  });
}

async function open(file) {
  say(`Reading ${file.name}…`);
  try {
    opened = await send(file);
    say("");
  } catch (error) {
    say(error instanceof Refusal && error.status === 422
      ? `${file.name} is neither a recording nor a trace.` : `${file.name} could not be read.`);
    return;
  }
  if (location.hash === `#${OPENED}`) route();
  else location.hash = OPENED;
}

function say(text) {
  if (byId("status").textContent !== text) byId("status").textContent = text;
}

function route() {
  leave();
  leave = () => {};
  const place = decodeURIComponent(location.hash.slice(1));
  if (place === OPENED && opened) showRecording(opened);
  else if (place === "" || place === OPENED) showList();
  else showConnection(place);
}

function listen() {
  addEventListener("hashchange", () => {
    route();
    byId("main").focus();
  });
  byId("open").addEventListener("click", () => byId("file").click());
  byId("file").addEventListener("change", () => {
    const [file] = byId("file").files;
    byId("file").value = "";
    if (file) open(file);
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    const [file] = event.dataTransfer.files;
    if (file) open(file);
  });
}

byId("skip").addEventListener("click", () => byId("main").focus());
const data = byId("data");
if (data) {
  byId("open").remove();
  byId("home").removeAttribute("href");
  showRecording(JSON.parse(data.textContent));
} else {
  listen();
  route();
}
