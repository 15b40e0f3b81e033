/** TODO: names and texts through `show`. */
import type { GroupComparison, RunComparison } from "../../model/comparison.js";
import type { Show } from "../show.js";

export function showRunComparison(_show: Show, given: RunComparison): RunComparison {
  return given;
}

export function showGroupComparison(_show: Show, given: GroupComparison): GroupComparison {
  return given;
}
