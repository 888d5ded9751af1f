"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const count = (n) => Number(n).toLocaleString("en");
  // All that comes from data is set as text, never as markup.
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const RULE = 0, SEVERITY = 1, FILE = 2, RECORD = 3, DIALOGUE = 4, TURN = 5, CALL = 6, PATH = 7, MESSAGE = 8, EXAMPLE = 9;
  const PAGE = 100;
  const where = (row) => [row[FILE].split("/").pop(), `record ${row[RECORD]}`, row[DIALOGUE],
    row[TURN] === null ? null : `turn ${row[TURN]}`, row[PATH]].filter((part) => part !== null && part !== undefined).join(" · ");

  function showVerdict() {
    const s = data.summary, bad = s.records_with_errors;
    const title = byId("verdict");
    title.textContent = bad === 0 ? `No errors in ${count(s.records)} records`
      : `${count(bad)} of ${count(s.records)} records have errors (${data.summary.percent} %)`;
    title.className = bad ? "bad" : "good";
    const parts = [`${count(s.dialogues)} dialogues`, `${count(s.calls)} calls`, `${count(data.total)} findings`, `${s.seconds} s`];
    if (s.known_findings) parts.push(`${count(s.known_findings)} known findings left out`);
    if (s.interrupted) parts.push("interrupted: not all records were read");
    byId("about").textContent = parts.join(" · ");
    document.title = `Audit: ${title.textContent}`;
  }

  function showLevels() {
    const all = data.summary.calls;
    for (const [name, n] of data.levels) {
      const step = make("div", "step"), track = make("div", "track"), fill = make("div", "fill");
      const share = all ? 100 * n / all : 0;
      fill.style.width = `${share}%`;
      track.append(fill);
      step.append(make("span", "", name), track, make("span", "n", `${count(n)} (${share.toFixed(1)}\u00a0%)`));
      byId("funnel").append(step);
    }
    byId("unchecked").textContent = data.summary.environment
      ? `Calls were executed in ${data.summary.environment} (${data.summary.isolation} isolation).`
      : "Not checked: calls were not executed, so none is replayed or executed. Name an environment with --env.";
  }

  function example(row) {
    const item = make("li");
    item.append(make("span", "", `${row[MESSAGE]} `), make("span", "quiet", where(row)));
    if (row[EXAMPLE] !== null && row[EXAMPLE] !== undefined) item.append(" ", opener(row));
    return item;
  }

  function opener(row) {
    const button = make("button", "link", "dialogue");
    button.type = "button";
    button.addEventListener("click", () => openDialogue(row));
    return button;
  }

  function showRules() {
    const codes = Object.keys(data.rules).sort((a, b) => data.rules[b].n - data.rules[a].n);
    if (!codes.length) byId("rule-list").append(make("p", "quiet", "Nothing was found."));
    for (const code of codes) {
      const rule = data.rules[code], box = make("details"), head = make("summary"), body = make("div", "body");
      head.append(make("span", `code ${rule.severity}`, code), make("span", "", rule.name), make("span", "n", count(rule.n)));
      body.append(make("p", "", rule.message), make("p", "quiet", rule.why), make("p", "", `Fix: ${rule.fix}`),
        make("p", "quiet", `${rule.severity}, ${rule.certainty}`));
      box.append(head, body);
      box.addEventListener("toggle", () => {
        if (!box.open || body.querySelector("ul")) return;
        const rows = data.findings.filter((row) => row[RULE] === code);
        rows.sort((a, b) => (a[EXAMPLE] === null) - (b[EXAMPLE] === null));
        const list = make("ul", "examples");
        list.append(...rows.slice(0, 12).map(example));
        const all = make("button", "link", "all of this rule");
        all.type = "button";
        all.addEventListener("click", () => { byId("by-rule").value = code; refresh(); byId("findings").scrollIntoView(); });
        body.append(list, all);
      });
      byId("rule-list").append(box);
    }
  }

  let matching = data.findings, drawn = 0;
  const haystacks = data.findings.map(() => null);

  function refresh() {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const rule = byId("by-rule").value, severity = byId("by-severity").value, file = byId("by-file").value;
    matching = data.findings.filter((row, number) => {
      if ((rule && row[RULE] !== rule) || (severity && row[SEVERITY] !== severity) || (file && row[FILE] !== file)) return false;
      if (!words.length) return true;
      haystacks[number] ??= `${row[RULE]} ${row[MESSAGE]} ${where(row)} ${row[FILE]}`.toLowerCase();
      return words.every((word) => haystacks[number].includes(word));
    });
    byId("rows").tBodies[0].replaceChildren();
    drawn = 0;
    draw();
  }

  function draw() {
    const rows = matching.slice(drawn, drawn + PAGE).map((row) => {
      const line = make("tr"), last = make("td");
      if (row[EXAMPLE] !== null && row[EXAMPLE] !== undefined) last.append(opener(row));
      const code = make("td", `code ${row[SEVERITY]}`, row[RULE]);
      code.title = `${data.rules[row[RULE]]?.name ?? ""} (${row[SEVERITY]})`;
      line.append(code, make("td", "", row[MESSAGE]), make("td", "", where(row)), last);
      return line;
    });
    byId("rows").tBodies[0].append(...rows);
    drawn += rows.length;
    const left = data.total - data.findings.length;
    byId("shown").textContent = `${count(drawn)} of ${count(matching.length)} shown`
      + (left > 0 ? `; ${count(left)} further findings are in findings.jsonl only` : "");
    byId("more").hidden = drawn >= matching.length;
  }

  function fillFilters() {
    for (const code of Object.keys(data.rules)) byId("by-rule").append(new Option(`${code} ${data.rules[code].name}`, code));
    const files = [...new Set(data.findings.map((row) => row[FILE]))].slice(0, 1000);
    for (const file of files) byId("by-file").append(new Option(file.length > 60 ? `…${file.slice(-58)}` : file, file));
    let waiting = 0;
    byId("search").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(refresh, 120); });
    for (const id of ["by-rule", "by-severity", "by-file"]) byId(id).addEventListener("change", refresh);
    byId("filter").addEventListener("submit", (event) => { event.preventDefault(); refresh(); });
    byId("more").addEventListener("click", draw);
  }

  function table(holder, titles, rows) {
    const element = make("table"), head = make("tr"), body = make("tbody");
    const fill = () => body.replaceChildren(...rows.map((row) => {
      const line = make("tr");
      line.append(...row.map((cell, at) => make("td", at ? "num" : "", at ? count(cell) : cell)));
      return line;
    }));
    titles.forEach((title, at) => {
      const cell = make("th", at ? "num" : ""), button = make("button", "", title);
      button.type = "button";
      button.addEventListener("click", () => { rows.sort((a, b) => at ? b[at] - a[at] : String(a[0]).localeCompare(b[0])); fill(); });
      cell.append(button);
      head.append(cell);
    });
    const top = make("thead");
    top.append(head);
    element.append(top, body);
    fill();
    holder.append(rows.length ? element : make("p", "quiet", "None."));
  }

  function openDialogue(row) {
    const shown = data.examples[row[EXAMPLE]];
    byId("viewer-title").textContent = `${row[DIALOGUE] ?? "record"} · ${row[FILE].split("/").pop()} · record ${row[RECORD]}`;
    const holder = byId("dialogue");
    holder.replaceChildren();
    const notes = (marks, place) => marks.forEach(([rule, severity, , , path, message]) =>
      place.append(make("p", `note ${severity}`, `${rule} ${path ? `${path}: ` : ""}${message}`)));
    notes(shown.marks.filter((mark) => mark[2] === null), holder);
    let target = null;
    shown.messages.forEach((message, turn) => {
      const marks = shown.marks.filter((mark) => mark[2] === turn);
      const box = make("div", `turn ${message.r}${marks.length ? " marked" : ""}`);
      box.append(make("div", "who", `${turn} ${message.r}`));
      if (message.t) box.append(make("pre", "", message.t));
      for (const call of message.c ?? []) box.append(callLine(call));
      notes(marks, box);
      holder.append(box);
      if (turn === row[TURN]) target = box;
    });
    if (shown.left > 0) holder.append(make("p", "quiet", `${count(shown.left)} further messages are not shown.`));
    if (shown.tools.length) holder.append(make("p", "quiet", `Declared tools: ${shown.tools.join(", ")}`));
    const viewer = byId("viewer");
    viewer.showModal();
    (target ?? holder).scrollIntoView({ block: "start" });
  }

  function callLine(call) {
    const line = make("div", "call");
    line.append(make("strong", "", call.n), "(");
    if (call.raw !== undefined) line.append(make("span", "error", call.raw));
    (call.v ?? []).forEach(([path, value, source], number) => {
      const mark = make("span", source ? "value" : "value none", value);
      mark.title = source || "no source was found before this call";
      mark.tabIndex = 0;
      line.append(number ? ", " : "", `${path.replace(/^\$\.?/, "")}=`, mark);
    });
    line.append(")");
    return line;
  }

  showVerdict();
  showLevels();
  showRules();
  fillFilters();
  draw();
  table(byId("tool-table"), ["Tool", "Calls", "Findings"], data.tools);
  table(byId("file-table"), ["File", "Records", "With errors", "Calls", "Findings"],
    data.files.map(([name, n]) => [name, n.records, n["with errors"], n.calls, n.findings]));
  byId("close").addEventListener("click", () => byId("viewer").close());
  byId("viewer").addEventListener("click", (event) => { if (event.target === byId("viewer")) byId("viewer").close(); });
})();
