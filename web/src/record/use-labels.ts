/** The labels of a dataset with a hue each; labels that records have beyond them come after. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { labelsQuery } from "@/api/datasets";
import { hueOf, hueOfColour } from "@/core/colours";
import { type Bindings, KEYS, labelKeys } from "@/core/keys";
import type { DatasetRef, LabelOption } from "@/core/model";

export interface LabelWithHue extends LabelOption {
  readonly hue: number;
  /** The key that chooses it. */
  readonly key?: string;
}

export interface LabelSet {
  readonly options: readonly LabelWithHue[];
  readonly overlapping: boolean;
  /** May spans be parts of words? */
  readonly characters: boolean;
  readonly loaded: boolean;
  /** Still asked for: which key means which label isn't known yet. */
  readonly pending: boolean;
  readonly hue: (name: string) => number;
  /** All labels, with those of a record that the dataset does not list. */
  readonly with: (names: readonly string[]) => readonly LabelWithHue[];
}

/** The label that a key chooses. */
export function labelAt(labels: readonly LabelWithHue[], key: string): LabelWithHue | undefined {
  return labels.find((each) => each.key === key);
}

/** `bindings` are those of a screen on which labels beyond the tenth have keys as well. */
export function useLabels(dataset: DatasetRef, bindings?: Bindings): LabelSet {
  const { data, isSuccess, isPending } = useQuery(labelsQuery(dataset));
  return useMemo(() => {
    const withKeys = <T extends LabelOption>(list: readonly T[]) => {
      const keys = labelKeys(list, bindings ?? KEYS, bindings !== undefined);
      return list.map((each, at) => ({ ...each, ...(keys[at] === undefined ? {} : { key: keys[at] }) }));
    };
    const options = withKeys((data?.options ?? []).map((each, index) => ({
      ...each,
      hue: (each.colour && hueOfColour(each.colour)) || hueOf(index),
    })));
    const byName = new Map(options.map((each) => [each.name, each]));
    const hue = (name: string) => byName.get(name)?.hue ?? hueOf([...name].reduce((sum, each) => sum + (each.codePointAt(0) ?? 0), 0));
    return {
      options,
      overlapping: data?.overlapping ?? false,
      characters: data?.characters ?? false,
      loaded: isSuccess,
      pending: isPending,
      hue,
      with: (names) => {
        const extra = [...new Set(names)].filter((name) => !byName.has(name)).map((name) => ({ name, hue: hue(name) }));
        return extra.length ? withKeys([...options, ...extra]) : options;
      },
    };
  }, [data, isSuccess, isPending, bindings]);
}
