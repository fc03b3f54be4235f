import type { Report } from "../report.ts";
import { visible } from "../text.ts";

/**
 * report.json is the Report itself. A bigint in it is a defect of ours and throws. Control characters that JSON would let through
 * as they are (C1, line separators, those that reorder text) are written as escapes: the same JSON, and safe on a terminal.
 */
export const renderJson = (report: Report): string => `${safeJson(report)}\n`;

export const safeJson = (value: unknown): string => JSON.stringify(value, null, 2).split("\n").map(visible).join("\n");
