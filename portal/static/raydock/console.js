// The few things HTML cannot do by itself. Everything listens on the document, so parts that htmx brings in
// later need no wiring, and nothing here is needed to read a page or send a form.

// Copy: <button data-copy="text"> or <button data-copy-from="id of the element that holds the text">.
async function copy(button) {
  const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
  const text = source ? source.textContent : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text); // no clipboard on plain http: the old way still works
  }
  button.classList.add("copied");
  say("Copied");
  setTimeout(() => button.classList.remove("copied"), 1500);
}

function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

// Tell screen readers what sighted people see happen.
function say(text) {
  const status = document.getElementById("status");
  if (!status) return;
  status.textContent = "";
  requestAnimationFrame(() => (status.textContent = text));
}

// Theme: a cookie, so that the server renders the next page right from its first byte.
function chooseTheme(choice) {
  const life = choice === "system" ? 0 : 31536000;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `raydock_theme=${choice}; Path=/; Max-Age=${life}; SameSite=Lax${secure}`;
  if (choice === "system") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset.theme = choice;
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
  }
}

// Dialogs: <button command="show-modal" commandfor="id"> is native; this serves browsers that do not know it.
function runCommand(button) {
  if ("commandForElement" in HTMLButtonElement.prototype) return;
  const dialog = document.getElementById(button.getAttribute("commandfor"));
  if (button.getAttribute("command") === "show-modal") dialog?.showModal();
  if (button.getAttribute("command") === "close") dialog?.close();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) {
    if (event.target.matches("dialog.dialog")) event.target.close(); // a click on the scrim
    return;
  }
  if (button.matches("[data-copy], [data-copy-from]")) copy(button);
  if (button.dataset.themeChoice) chooseTheme(button.dataset.themeChoice);
  if (button.hasAttribute("commandfor")) runCommand(button);
  if (button.hasAttribute("data-dismiss")) button.closest(".toast, .banner")?.remove();
});

// Typing the name: <input data-must-equal="name"> opens the form's submit button only when it matches.
document.addEventListener("input", (event) => {
  const wanted = event.target.dataset?.mustEqual;
  if (wanted === undefined) return;
  event.target.form.querySelector("[type=submit]").disabled = event.target.value !== wanted;
});

// A form is sent once, however often the button is clicked; coming back with the browser's Back opens it again.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.classList.contains("sent")) event.preventDefault();
  else event.target.classList.add("sent");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form.sent")) form.classList.remove("sent");
});

// "/" goes to the page's search field.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea, select, [contenteditable]")) return;
  const search = document.querySelector("input[type=search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
});

// Relative times grow older while a page is open, in the words of the server's `ago` tag.
function age(time) {
  const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return time.textContent;
}
setInterval(() => {
  for (const time of document.querySelectorAll("time[data-relative]")) time.textContent = age(time);
}, 20000);

// A table that is wider than its card takes the focus, so that the keyboard can scroll it; one that fits does not.
function freeFocus() {
  for (const box of document.querySelectorAll(".table-scroll")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}
// Where a button changed the part of the page that it stands in, the answer marks what the hand holds now.
function takeFocus() {
  const held = document.querySelector("[data-focus]");
  held?.removeAttribute("data-focus");
  held?.focus();
}
addEventListener("resize", freeFocus);
addEventListener("load", () => {
  freeFocus();
  takeFocus();
  // On a phone the tab one is on may lie outside the row of tabs.
  const tab = document.querySelector(".tabs [aria-current]");
  if (tab) tab.closest(".tabs").scrollLeft = tab.offsetLeft - 16;
});
document.addEventListener("htmx:after:swap", freeFocus);
document.addEventListener("htmx:after:swap", takeFocus);
