
/* A list of any length: only the rows in sight are in the page. */
class Grid {
  /* columns: [{ name, width, cell(item), sort(item), kind }]; open(item): on Enter or a click. */
  constructor({ label, columns, open, empty }) {
    Object.assign(this, { columns, open, empty, items: [], at: -1, drawn: new Map(), sorted: null });
    this.id = label.toLowerCase().replace(/\W+/g, "-");
    this.heads = columns.map((column) => this.head(column));
    this.space = el("div", { class: "grid-space", role: "rowgroup" });
    this.body = el("div", { class: "grid-body", scroll: () => this.later() }, this.space);
    this.none = el("p", { class: "none", hidden: true });
    this.node = el("div", {
      class: "grid", role: "grid", tabindex: "0", "aria-label": label, keydown: (event) => this.key(event),
    }, el("div", { role: "rowgroup" }, el("div", { class: "grid-head", role: "row" }, this.heads)), this.body, this.none);
    this.node.style.setProperty("--columns", columns.map((column) => column.width).join(" "));
    new ResizeObserver(() => { this.tall = 0; this.later(); }).observe(this.body);
  }

  head(column) {
    const inside = column.sort
      ? el("button", { type: "button", click: () => this.sortBy(column) }, column.name)
      : column.name;
    return el("div", { class: "cell " + (column.kind || ""), role: "columnheader", "aria-sort": column.sort ? "none" : null },
      inside);
  }

  sortBy(column, down) {
    const again = this.sorted && this.sorted.column === column;
    this.sorted = { column, down: down === undefined ? (again ? !this.sorted.down : Boolean(column.down)) : down };
    this.show(this.items, true);
  }

  /* Shows these; the one that was chosen stays so if it is among them. */
  show(items, stay) {
    const chosen = this.items[this.at];
    this.items = items.slice();
    if (this.sorted) {
      const { column, down } = this.sorted;
      const keyed = this.items.map((item, at) => [column.sort(item), at, item]);
      keyed.sort(([a, i], [b, j]) => ((a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1)) || i - j);
      this.items = keyed.map((entry) => entry[2]);
    }
    this.heads.forEach((head, at) => {
      if (!this.columns[at].sort) return;
      const is = this.sorted && this.sorted.column === this.columns[at];
      head.setAttribute("aria-sort", is ? (this.sorted.down ? "descending" : "ascending") : "none");
    });
    this.at = chosen === undefined ? -1 : this.items.indexOf(chosen);
    this.node.setAttribute("aria-rowcount", this.items.length + 1);
    this.none.hidden = this.items.length > 0;
    this.none.textContent = this.empty;
    this.clear();
    if (!stay) this.body.scrollTop = 0;
    this.draw();
  }

  clear() {
    for (const drawn of this.drawn.values()) drawn.remove();
    this.drawn.clear();
  }

  /* Where there is no room for heads. */
  order() {
    const made = el("select", { class: "order", "aria-label": "Sort by", change: () => this.sortBy(this.columns[made.value]) },
      el("option", { value: "", disabled: true, selected: true }, "sort by"),
      this.columns.map((column, at) => column.sort && el("option", { value: at }, column.name)));
    return made;
  }

  later() {
    if (this.waits) return;
    this.waits = requestAnimationFrame(() => { this.waits = 0; this.draw(); });
  }

  draw() {
    const tall = parseFloat(getComputedStyle(this.node).getPropertyValue("--row")) || 34;
    if (tall !== this.tall) this.clear();
    this.tall = tall;
    this.space.style.height = this.items.length * tall + "px";
    const first = Math.max(0, Math.floor(this.body.scrollTop / tall) - 6);
    const last = Math.min(this.items.length, Math.ceil((this.body.scrollTop + this.body.clientHeight) / tall) + 6);
    for (const [at, drawn] of this.drawn) {
      if (at < first || at >= last) {
        drawn.remove();
        this.drawn.delete(at);
      }
    }
    for (let at = first; at < last; at += 1) {
      if (!this.drawn.has(at)) {
        const drawn = this.row(at);
        this.drawn.set(at, drawn);
        this.space.append(drawn);
      }
    }
    this.choose();
  }

  row(at) {
    const item = this.items[at];
    const drawn = el("div", {
      class: "row", role: "row", id: this.id + "-" + at, "aria-rowindex": at + 2,
      click: (event) => { if (!event.target.closest("a")) { this.go(at); this.open && this.open(item); } },
    }, this.columns.map((column) => el("div", { class: "cell " + (column.kind || ""), role: "gridcell" }, column.cell(item))));
    drawn.style.transform = "translateY(" + at * this.tall + "px)";
    return drawn;
  }

  choose() {
    for (const [at, drawn] of this.drawn) drawn.setAttribute("aria-selected", at === this.at);
    if (this.drawn.has(this.at)) this.node.setAttribute("aria-activedescendant", this.id + "-" + this.at);
    else this.node.removeAttribute("aria-activedescendant");
  }

  go(at) {
    if (!this.items.length) return;
    this.at = Math.max(0, Math.min(this.items.length - 1, at));
    const [top, tall] = [this.at * this.tall, this.tall];
    if (top < this.body.scrollTop) this.body.scrollTop = top;
    else if (top + tall > this.body.scrollTop + this.body.clientHeight) {
      this.body.scrollTop = top + tall - this.body.clientHeight;
    }
    this.draw();
  }

  /* Chooses an item that was opened from elsewhere. */
  find(item) {
    const at = this.items.indexOf(item);
    if (at < 0) {
      this.at = -1;
      this.choose();
    } else if (at !== this.at) this.go(at);
  }

  /* Whether the key was for the list. */
  key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return false;
    const page = Math.max(1, Math.floor(this.body.clientHeight / this.tall) - 1);
    const moves = {
      ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity,
    };
    if (event.key in moves) this.go((this.at < 0 && moves[event.key] > 0 ? -1 : this.at) + moves[event.key]);
    else if (event.key === "Enter" && this.at >= 0 && !event.target.closest("a, button")) {
      if (this.open) this.open(this.items[this.at]);
    } else return false;
    event.preventDefault();
    return true;
  }

  /* All of it as a table, for paper. */
  printed(caption, most) {
    const shown = this.items.slice(0, most);
    const more = this.items.length - shown.length;
    const columns = this.columns.filter((column) => !column.screen);
    return el("div", { class: "printed" },
      table(caption, columns.map((column) => column.name),
        shown.map((item) => row(...columns.map((column) => column.cell(item))))),
      more > 0 && el("p", {}, "and " + count(more) + " more, in the report as a file"));
  }
}
