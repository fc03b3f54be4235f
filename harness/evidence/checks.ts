import { messageOf } from "../errors.ts";
import { visible } from "../text.ts";

export interface Check<Name extends string = string> {
  readonly name: Name;
  readonly outcome: "ok" | "fail" | "not-checked";
  readonly detail: string;
}

/** A check that leaves nothing for others but the fact that it held. */
export const said = (detail: string): { value: true; detail: string } => ({ value: true, detail });

type Given<Needs> = { readonly [K in keyof Needs]: NonNullable<Needs[K]> };
/** `outcome`: where there was something to look at, and nothing to hold it against. */
export type Found<T> = { readonly value: T; readonly detail: string; readonly outcome?: "not-checked" };

/** Runs checks in order; one whose needs were not met by an earlier one is not checked, and then nothing is ok. */
export class Checks<Name extends string> {
  readonly list: Check<Name>[] = [];
  ok = true;

  async run<T, Needs extends Readonly<Record<string, unknown>>>(
    name: Name,
    needs: Needs,
    look: (given: Given<Needs>) => Found<T> | Promise<Found<T>>,
  ): Promise<T | undefined> {
    const missing = Object.keys(needs).filter((need) => needs[need] === undefined);
    if (missing.length > 0) return this.#add(name, "not-checked", `needs ${missing.join(", ")}`);
    try {
      const { value, detail, outcome = "ok" } = await look(needs as Given<Needs>);
      this.list.push({ name, outcome, detail: visible(detail) });
      return value;
    } catch (thrown) {
      return this.#add(name, "fail", visible(messageOf(thrown)));
    }
  }

  /** A check that has to be asked for. */
  async runIf<Asked, T, Needs extends Readonly<Record<string, unknown>>>(
    asked: Asked | undefined,
    name: Name,
    needs: Needs,
    look: (given: Given<Needs>, asked: Asked) => Found<T> | Promise<Found<T>>,
  ): Promise<void> {
    if (asked === undefined) this.list.push({ name, outcome: "not-checked", detail: "not asked for" });
    else await this.run(name, needs, (given) => look(given, asked));
  }

  #add(name: Name, outcome: "fail" | "not-checked", detail: string): undefined {
    this.list.push({ name, outcome, detail });
    this.ok = false;
  }
}
