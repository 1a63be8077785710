// What pages need beyond HTML: toasts, confirmation, charts, and small kindnesses. No page depends on it to be read.
(function () {
  "use strict";

  const words = () => document.getElementById("messages").dataset;

  // --- toasts ---------------------------------------------------------------------------------

  function toast(text) {
    const made = document.getElementById("toast-template").content.cloneNode(true);
    made.querySelector("[data-text]").textContent = text;
    const box = made.querySelector("[data-toast]");
    document.getElementById("toasts").append(made);
    leaveSoon(box, 8000);
  }

  function leaveSoon(box, after) {
    let timer = setTimeout(() => box.remove(), after);
    box.addEventListener("mouseenter", () => clearTimeout(timer));
    box.addEventListener("mouseleave", () => (timer = setTimeout(() => box.remove(), 2000)));
  }

  document.addEventListener("htmx:responseError", (event) => {
    let text = words().failed;
    try {
      text = JSON.parse(event.detail.xhr.responseText).detail || text;
    } catch (ignored) {
      // not a problem document: the general sentence stands
    }
    toast(text);
  });
  document.addEventListener("htmx:sendError", () => toast(words().offline));

  // --- forms ----------------------------------------------------------------------------------

  function ask(text, button) {
    const dialog = document.getElementById("confirm");
    const warns = /danger/.test(button?.className); // red is for what takes away
    dialog.querySelector("#confirm-text").textContent = text;
    dialog.querySelector("[data-ok]").className = warns ? "btn btn-danger" : "btn btn-primary";
    dialog.returnValue = "cancel";
    dialog.showModal();
    return new Promise((answer) => {
      dialog.addEventListener("close", () => answer(dialog.returnValue === "ok"), { once: true });
    });
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.method === "dialog" || event.defaultPrevented) return;
    const question = event.submitter?.dataset.confirm || form.dataset.confirm; // a button may ask for itself
    if (question && form.dataset.confirmed !== "yes") {
      event.preventDefault();
      if (await ask(question, event.submitter)) {
        form.dataset.confirmed = "yes";
        form.requestSubmit(event.submitter);
      }
      return;
    }
    if (form.hasAttribute("data-download")) return; // the page stays: nothing says when the file has come
    if (form.hasAttribute("hx-post") || form.dataset.sending === "yes") {
      if (form.dataset.sending === "yes") event.preventDefault();
      return;
    }
    form.dataset.sending = "yes"; // a second tap sends nothing twice
    if (event.submitter) event.submitter.classList.add("btn-loading");
  });

  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sending]")) delete form.dataset.sending;
    for (const button of document.querySelectorAll(".btn-loading")) button.classList.remove("btn-loading");
  });

  document.addEventListener("click", async (event) => {
    const back = event.target.closest("[data-back]");
    if (back && history.length > 1) {
      event.preventDefault();
      history.back();
    }
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const source = document.getElementById(copy.dataset.copy);
      if (navigator.clipboard) {
        await navigator.clipboard.writeText(source.textContent.trim());
        copy.textContent = words().copied;
      } else {
        getSelection().selectAllChildren(source);
      }
    }
    const emptying = event.target.closest("[data-empties]");
    if (emptying) document.getElementById(emptying.dataset.empties).value = "";
    const more = event.target.closest("[data-repeat]");
    if (more) repeat(document.getElementById(more.dataset.repeat));
  });

  function repeat(template) {
    const row = template.content.cloneNode(true);
    const first = row.querySelector("input");
    template.before(row);
    first.focus();
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
  });

  // --- shared tablets -------------------------------------------------------------------------

  // Without a touch for a while the page goes back to the names, so that nobody works under another's.
  const leave = document.querySelector("form[data-idle]");
  if (leave) {
    let timer;
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => leave.submit(), leave.dataset.idle * 1000);
    };
    for (const touch of ["pointerdown", "keydown", "scroll"]) document.addEventListener(touch, wait, { passive: true });
    wait();
  }

  // --- the box that finds members: arrows walk through what was found, Enter opens the first ------

  document.addEventListener("keydown", (event) => {
    const place = event.target.closest("[data-find]");
    if (!place || event.isComposing) return;
    const box = place.querySelector("input[type=search]");
    const found = [...place.querySelectorAll("a[data-found]")];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const next = found.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
      event.preventDefault();
      (next < 0 ? box : found[Math.min(next, found.length - 1)] || box).focus();
    } else if (event.key === "Escape" && event.target !== box) {
      box.focus();
    } else if (event.key === "Enter" && event.target === box && found.length && box.value.trim()) {
      // a scanner is faster than the answer: then the form is sent as it stands
      if (place.querySelector("[data-query]").dataset.query !== box.value.trim()) return;
      event.preventDefault();
      found[0].click();
    }
  });

  // --- boxes that are emptied as soon as they are sent: a scanner is faster than the answer ----------

  // Enter takes what stands in such boxes out of them at once; it waits beside them until a request takes it along.
  document.addEventListener(
    "submit",
    (event) => {
      if (event.submitter?.name) return; // another button: what is half typed stays where it is
      for (const box of event.target.querySelectorAll("[data-sent-once]")) {
        if (!box.value.trim()) continue;
        const waiting = document.createElement("input");
        Object.assign(waiting, { type: "hidden", name: box.name, value: box.value });
        waiting.dataset.waiting = box.id;
        event.target.append(waiting);
        box.value = "";
      }
    },
    true,
  );

  document.addEventListener("htmx:configRequest", ({ detail }) => {
    for (const box of detail.elt.closest("form")?.querySelectorAll("[data-sent-once]") || []) {
      if (detail.elt === box) continue; // it finds while someone types
      detail.formData.delete(box.name);
      if (detail.elt.matches("[data-takes-all]")) {
        detail.formData.append(box.name, box.value);
        box.value = "";
      }
      for (const waiting of document.querySelectorAll(`[data-waiting="${box.id}"]`)) {
        detail.formData.append(box.name, waiting.value);
        waiting.remove();
      }
    }
  });

  document.addEventListener("input", (event) => {
    const box = event.target;
    if (box.matches("[data-sent-once]") && !box.value) document.getElementById(box.getAttribute("aria-controls"))?.replaceChildren();
  });

  // What is scanned next lands among the goods: a tap on the counter leaves the keyboard there, and so does a swap
  // that took the focus away. Whoever goes by keyboard keeps their place. Where fingers point the keyboard stays
  // away, for the one of the screen would cover the page.
  function backToGoods() {
    const box = document.querySelector("[data-till] [autofocus]");
    if (box && matchMedia("(pointer: fine)").matches) box.focus();
  }

  document.addEventListener("click", (event) => {
    const tapped = event.detail > 0 && event.target.closest("[data-till] button, [data-till] .form-selectgroup-item");
    if (tapped) setTimeout(backToGoods); // after the click has given the focus to what was tapped
  });

  document.addEventListener("htmx:afterSettle", () => document.activeElement === document.body && backToGoods());

  // Keys that a page gives to its fields and buttons by `aria-keyshortcuts`, such as F2.
  document.addEventListener("keydown", (event) => {
    if (!/^F\d+$/.test(event.key)) return;
    const goal = document.querySelector(`[aria-keyshortcuts="${event.key}"]`);
    if (!goal) return;
    event.preventDefault();
    if (goal.matches("button, a")) goal.click();
    else goal.focus();
  });

  document.addEventListener("click", (event) => event.target.closest("[data-print]") && window.print());

  // --- charts ---------------------------------------------------------------------------------

  let library;

  function loadCharts() {
    library ||= new Promise((ready) => {
      const script = document.createElement("script");
      script.src = document.body.dataset.echarts;
      script.addEventListener("load", () => ready(window.echarts));
      document.head.append(script);
    });
    return library;
  }

  // A colour of the style sheet as the chart library can read it: computed, painted, and read back.
  function colour(name) {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    brush.fillStyle = getComputedStyle(probe).color;
    probe.remove();
    brush.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = brush.getImageData(0, 0, 1, 1).data;
    return `rgba(${red}, ${green}, ${blue}, ${alpha / 255})`;
  }

  const TONES = { ok: "--tblr-green", low: "--tblr-yellow", high: "--tblr-orange", alarm: "--tblr-red" };

  function options(spec) {
    const text = colour("--tblr-secondary");
    const line = colour("--tblr-border-color");
    const palette = ["--tblr-primary", "--tblr-orange", "--tblr-azure", "--tblr-purple", "--tblr-green"].map(colour);
    const bands = (spec.bands || []).map((band) => [
      { yAxis: band.from ?? "min", itemStyle: { color: colour(TONES[band.tone] || TONES.ok), opacity: 0.08 } },
      { yAxis: band.to ?? "max" },
    ]);
    return {
      animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      aria: { enabled: false },
      color: palette,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 8, right: 16, top: spec.series.length > 1 ? 32 : 24, bottom: 4, containLabel: true },
      legend: spec.series.length > 1 ? { top: 0, textStyle: { color: text } } : undefined,
      tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: (v) => `${v ?? "–"} ${spec.unit || ""}` },
      xAxis: {
        type: "time",
        boundaryGap: ["2%", "2%"],
        axisLabel: { color: text, hideOverlap: true, formatter: { year: "{yyyy}", month: "{yyyy}-{MM}", day: "{MM}-{dd}", hour: "{HH}:{mm}" } },
        axisLine: { lineStyle: { color: line } },
      },
      yAxis: {
        type: "value",
        scale: spec.kind !== "bar",
        name: spec.unit || "",
        nameTextStyle: { color: text, align: "left" },
        axisLabel: { color: text },
        splitLine: { lineStyle: { color: line } },
      },
      series: spec.series.map((each, i) => ({
        name: each.name,
        type: spec.kind === "bar" ? "bar" : "line",
        data: each.points,
        symbolSize: 8,
        symbol: "circle",
        barMaxWidth: 40,
        markArea: i === 0 && bands.length ? { silent: true, data: bands } : undefined,
      })),
    };
  }

  async function draw(root) {
    const places = [...root.querySelectorAll("[data-chart]:not([data-drawn])")];
    if (!places.length) return;
    const echarts = await loadCharts();
    for (const place of places) {
      place.dataset.drawn = "yes";
      const chart = echarts.init(place, null, { renderer: "canvas" });
      const spec = JSON.parse(place.dataset.chart);
      chart.setOption(options(spec));
      new ResizeObserver(() => chart.resize()).observe(place);
      new MutationObserver(() => chart.setOption(options(spec))).observe(document.documentElement, {
        attributeFilter: ["data-bs-theme"],
      });
    }
  }

  // --- the start of a page, and of a part that htmx brought -------------------------------------

  function begin(root) {
    for (const box of root.querySelectorAll("#toasts [data-toast]")) leaveSoon(box, 5000);
    for (const list of root.querySelectorAll("select[data-browser-zone]")) {
      const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
      if ([...list.options].some((option) => option.value === zone)) list.value = zone;
    }
    const wrong = root.querySelector(".is-invalid");
    if (wrong && !document.activeElement.matches("input, textarea, select")) wrong.focus(); // nobody types elsewhere
    draw(root);
  }

  document.addEventListener("DOMContentLoaded", () => begin(document));
  document.addEventListener("htmx:load", (event) => event.detail.elt !== document.body && begin(event.detail.elt));
  if ("serviceWorker" in navigator && window.isSecureContext) {
    window.addEventListener("load", () => navigator.serviceWorker.register("/service-worker.js").catch(() => {}));
  }
})();
