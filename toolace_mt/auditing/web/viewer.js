
  const sourceTurn = new WeakMap();
  let marked = [], at = 0, tipped = null;

  function openDialogue(row) {
    const shown = data.examples[row[EXAMPLE]], holder = byId("dialogue");
    byId("viewer-title").textContent = `${row[DIALOGUE] ?? "record"} · ${base(row[FILE])} · record ${row[RECORD]}`;
    holder.replaceChildren();
    addNotes(shown.marks.filter((mark) => mark[2] === null), holder);
    let last = -1;
    for (const message of shown.messages) {
      if (message.i > last + 1) holder.append(leftOut(message.i - last - 1));
      holder.append(turnBox(message, shown.marks.filter((mark) => mark[2] === message.i)));
      last = message.i;
    }
    if (shown.length > last + 1) holder.append(leftOut(shown.length - last - 1));
    if (shown.tools.length) holder.append(make("p", "quiet", `Declared tools: ${shown.tools.join(", ")}`));
    marked = [...holder.querySelectorAll(".marked")];
    at = Math.max(0, marked.findIndex((box) => Number(box.dataset.turn) === row[TURN]));
    byId("next").hidden = marked.length < 2;
    byId("viewer").showModal();
    (marked[at] ?? holder).scrollIntoView({ block: "center" });
    byId("close").focus({ preventScroll: true });
  }

  const leftOut = (n) => make("p", "gap quiet", `${count(n)} messages are not shown`);

  function addNotes(marks, place) {
    for (const [rule, severity, , , path, message] of marks)
      place.append(make("p", `note ${severity}`, make("span", "code", rule), ` ${path ? `${path}: ` : ""}${message}`));
  }

  function turnBox(message, marks) {
    const box = make("div", `turn ${message.r}${marks.length ? " marked" : ""}`, make("div", "who", `${message.i} ${message.r}`));
    box.dataset.turn = message.i;
    if (message.t) box.append(make("pre", "", message.t));
    (message.c ?? []).forEach((call, number) => box.append(callLine(call, marks.filter((mark) => mark[3] === number))));
    addNotes(marks, box);
    return box;
  }

  function callLine(call, marks) {
    const line = make("div", "call", make("strong", "", call.n), "(");
    if (known(call.raw)) line.append(make("span", "error", call.raw));
    (call.v ?? []).forEach(([path, value, source, turn], number) => {
      const blamed = marks.filter((mark) => mark[4] === path);
      const kind = !source ? "none" : source.endsWith("(not sure)") ? "unsure" : "sure";
      const mark = button(`value ${kind}${blamed.length ? " blamed" : ""}`, value, () => showTip(mark));
      mark.dataset.source = source || "no source before this call";
      mark.setAttribute("aria-label", `${path.replace(/^\$\.?/, "")}: ${value}. Source: ${mark.dataset.source}`);
      sourceTurn.set(mark, turn);
      mark.addEventListener("mouseenter", () => showTip(mark));
      mark.addEventListener("focus", () => showTip(mark));
      mark.addEventListener("mouseleave", hideTip);
      mark.addEventListener("blur", hideTip);
      line.append(number ? ", " : "", make("span", "quiet", `${path.replace(/^\$\.?/, "")}=`), mark);
    });
    line.append(")");
    return line;
  }

  function showTip(mark) {
    hideTip();
    tipped = mark;
    byId("tip").textContent = mark.dataset.source;
    byId("tip").hidden = false;
    placeTip();
    const turn = sourceTurn.get(mark);
    if (known(turn)) byId("dialogue").querySelector(`[data-turn="${turn}"]`)?.classList.add("source");
  }

  // Tabbing to a value scrolls, and the scrolling is told after the focus: so the tip follows, it does not go.
  function placeTip() {
    if (!tipped) return;
    const tip = byId("tip"), place = tipped.getBoundingClientRect(), box = tip.getBoundingClientRect();
    const below = place.bottom + 6;
    tip.style.left = `${Math.max(8, Math.min(place.left, innerWidth - box.width - 8))}px`;
    tip.style.top = `${below + box.height > innerHeight ? place.top - box.height - 6 : below}px`;
  }

  function hideTip() {
    tipped = null;
    byId("tip").hidden = true;
    for (const box of byId("dialogue").querySelectorAll(".source")) box.classList.remove("source");
  }

  function listenToViewer() {
    const viewer = byId("viewer");
    byId("close").addEventListener("click", () => viewer.close());
    byId("next").addEventListener("click", () => { at = (at + 1) % marked.length; marked[at].scrollIntoView({ block: "center" }); });
    viewer.addEventListener("click", (event) => { if (event.target === viewer) viewer.close(); });
    viewer.addEventListener("scroll", placeTip);
    viewer.addEventListener("close", hideTip);
    viewer.addEventListener("cancel", (event) => { if (!byId("tip").hidden) { event.preventDefault(); hideTip(); } });
  }
