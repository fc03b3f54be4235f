const SHOWN_PER_SORT = 3;

/** What is wrong with a record. A million broken lines are one sort of defect: the first few are named, the rest counted. */
export class Defects {
  readonly #bySort = new Map<string, { shown: string[]; more: number }>();

  add(sort: string, text: string): void {
    const found = this.#bySort.get(sort) ?? { shown: [], more: 0 };
    this.#bySort.set(sort, found);
    if (found.shown.length < SHOWN_PER_SORT) found.shown.push(text);
    else found.more++;
  }

  list(): string[] {
    return [...this.#bySort].flatMap(([sort, { shown, more }]) =>
      more > 0 ? [...shown, `${sort}: ${more} more like it`] : shown,
    );
  }
}
