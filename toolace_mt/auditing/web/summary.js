
  function showVerdict() {
    const s = data.summary, bad = s.records_with_errors, title = byId("verdict");
    const part = s.interrupted ? " read before the interruption" : "";
    title.textContent = bad === 0 ? `No errors in ${count(s.records)} records${part}`
      : `${count(bad)} of ${count(s.records)} records${part} have errors (${s.percent.toFixed(1)}\u00a0%)`;
    title.className = bad ? "bad" : "good";
    document.title = `Audit: ${title.textContent}`;
    const facts = [["records", s.records], ["dialogues", s.dialogues], ["calls", s.calls], ["findings", data.total]];
    if (s.known_findings) facts.push(["known findings left out", s.known_findings]);
    for (const [name, n] of facts) byId("facts").append(make("div", "", make("dt", "", name), make("dd", "", count(n))));
    byId("facts").append(make("div", "", make("dt", "", "seconds"), make("dd", "", s.seconds.toFixed(1))));
    const ran = s.environment ? `${s.environment} (${s.isolation} isolation)` : "nowhere";
    byId("facts").append(make("div", "", make("dt", "", "executed in"), make("dd", "", ran)));
  }

  function showLevels() {
    const all = data.summary.calls;
    if (!all) byId("funnel").append(make("p", "quiet", "There are no calls."));
    let before = all;
    for (const [name, n, reasons, family] of all ? data.levels : []) {
      const lost = before - n;
      byId("funnel").append(make("div", "step", make("span", "", name), bar(n / all), make("span", "n", count(n)),
        make("span", "n", `${(100 * n / all).toFixed(1)}\u00a0%`), make("span", "n quiet", lost ? `−${count(lost)}` : "")));
      const rules = Object.keys(data.rules).filter((code) => family && family.split(", ").some((part) => code.startsWith(part)));
      if (lost && rules.length) reasons.push(`findings of ${rules.join(", ")}`);
      for (const reason of lost ? reasons : []) byId("funnel").append(make("div", "reason", reason));
      before = n;
    }
    byId("unchecked").append(...data.unchecked.map((words) => make("li", "", words)));
    if (!data.unchecked.length) byId("unchecked").append(make("li", "", "nothing was left out"));
  }

  function example(row) {
    const words = known(row[EXAMPLE]) ? button("link", row[MESSAGE], () => openDialogue(row)) : make("span", "", row[MESSAGE]);
    return make("li", "", words, make("span", "where", where(row)));
  }

  function showRules() {
    const weight = ["error", "warning", "info"], rank = (code) => weight.indexOf(data.rules[code].severity);
    const codes = Object.keys(data.rules).sort((a, b) => rank(a) - rank(b) || data.rules[b].n - data.rules[a].n);
    const most = Math.max(1, ...codes.map((code) => data.rules[code].n));
    if (!codes.length) byId("rule-list").append(make("p", "quiet", "Nothing was found."));
    for (const code of codes) {
      const rule = data.rules[code], body = make("div", "body");
      const head = make("summary", "", make("span", "code", code), make("span", "name", rule.name),
        make("span", `badge ${rule.severity}`, rule.severity), bar(rule.n / most), make("span", "n", count(rule.n)));
      const box = make("details", "rule", head, body);
      box.dataset.rule = code;
      box.addEventListener("toggle", () => { if (box.open && !body.firstChild) fillRule(code, rule, body); });
      byId("rule-list").append(box);
    }
  }

  function fillRule(code, rule, body) {
    const rows = data.findings.filter((row) => row[RULE] === code);
    const shown = [...rows.filter((row) => known(row[EXAMPLE])), ...rows.filter((row) => !known(row[EXAMPLE]))].slice(0, 8);
    body.append(make("p", "", rule.message, " ", make("span", "quiet", rule.why)),
      make("p", "", make("strong", "", "Fix. "), rule.fix, make("span", "quiet", ` How sure: ${rule.certainty}.`)),
      make("ul", "examples", ...shown.map(example)));
    if (rows.length > shown.length) body.append(button("link", `all ${count(rule.n)} findings of ${code}`, () => showOnly("by-rule", code)));
  }

  function showCharts() {
    for (const [title, bars] of data.charts) {
      const most = Math.max(1, ...bars.map(([, n]) => n)), body = make("tbody");
      for (const [name, n] of bars) {
        const label = make("th", "", name);
        label.scope = "row";
        body.append(make("tr", "", label, make("td", "", bar(n / most, "track thin")), make("td", "num", count(n))));
      }
      byId("chart-list").append(make("table", "chart", make("caption", "", title), body));
    }
    byId("charts").hidden = !data.charts.length;
  }
