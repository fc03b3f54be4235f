import type { Component } from "./component.ts";
import type { Bracket } from "./time.ts";

/** Which of several, in their order on the disk, or in the history where they have one. */
export const WHERES = ["first", "middle", "last"] as const;
export type Where = (typeof WHERES)[number];

/** Of an even number the later one stands for the middle, so that of three and more it is never beside the first alone. */
export const pickAt = <T>(list: readonly T[], where: Where): T | undefined =>
  list[{ first: 0, middle: Math.floor(list.length / 2), last: list.length - 1 }[where]];

/** Bytes of one file on a node's disk of which it is known what they hold. Offsets are in bytes from the start of the file. */
export interface Location {
  /** Relative to the node's disk. */
  readonly path: string;
  readonly from: number;
  /** The byte after the last. */
  readonly to: number;
  /** A stored value inside of them: another bit there is another value, and nothing else is touched. */
  readonly value?: { readonly from: number; readonly to: number };
  /** What is read as one, in bytes: damage to some of it may cost all of it. */
  readonly unit?: number;
  /** What it is and how that is known. */
  readonly words: string;
  /** The elements whose bytes the file holds, read out of the bytes themselves and not by the server. */
  readonly elements: readonly PlacedElement[];
}

/** Where in the file an element stands; a thing smaller than a byte has a fraction of one, the lowest bits first. */
export interface PlacedElement {
  readonly op: string;
  readonly from: number;
  readonly to: number;
}

/** Capability: knows where on a node's disk things of its kind stand, by the words in the kind's `places`. */
export interface Locatable {
  /** Rejects when there is no such thing on the disk as it is now. */
  locate(node: string, what: string, where: Where, signal: AbortSignal): Promise<Location>;
}

export const isLocatable = (component: Component): component is Component & Locatable => "locate" in component;

/** Capability: can be caught in the middle of writing a page of its data over an older state of it. */
export interface PageWriting {
  /** Ends the node's server by SIGKILL when a page was written over and the server had not yet vouched for it. */
  crashInPageWrite(node: string, signal: AbortSignal): Promise<PageWrite>;
}

export const writesPages = (component: Component): component is Component & PageWriting =>
  "crashInPageWrite" in component;

export interface PageWrite {
  /** When the server was ended. */
  readonly at: Bracket;
  /** The page as it now stands on the disk: its new state, whole. `elements` are those of this page. */
  readonly page: Location;
  /** What stood there before, byte by byte. */
  readonly before: Buffer;
  /** From this byte of the page on the older state stands again when the write is torn: the start of a sector. */
  readonly tearAt: number;
  /** What shows that the write was under way and could be torn. */
  readonly words: string;
}
