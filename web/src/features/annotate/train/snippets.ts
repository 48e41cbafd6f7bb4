/** Python that trains a model on a dataset, with its own names in it. The tests run each of these files. */

import type { DatasetRef, Task } from "@/core/model";
import { fillSnippet } from "@/core/snippet";

import severalScikit from "./snippets/text-several-scikit-learn.txt?raw";
import severalSetfit from "./snippets/text-several-setfit.txt?raw";
import severalTransformers from "./snippets/text-several-transformers.txt?raw";
import textScikit from "./snippets/text-scikit-learn.txt?raw";
import textSetfit from "./snippets/text-setfit.txt?raw";
import textSpacy from "./snippets/text-spacy.txt?raw";
import textTransformers from "./snippets/text-transformers.txt?raw";
import pairsTransformers from "./snippets/text2text-transformers.txt?raw";
import tokensSpacy from "./snippets/tokens-spacy.txt?raw";
import tokensTransformers from "./snippets/tokens-transformers.txt?raw";

export interface Snippet {
  readonly library: string;
  readonly code: string;
}

type Files = readonly (readonly [library: string, code: string])[];

const ONE: Files = [["spaCy", textSpacy], ["transformers", textTransformers], ["SetFit", textSetfit], ["scikit-learn", textScikit]];
const SEVERAL: Files = [["spaCy", textSpacy], ["transformers", severalTransformers], ["SetFit", severalSetfit], ["scikit-learn", severalScikit]];
const OTHERS: Record<Exclude<Task, "TextClassification">, Files> = {
  TokenClassification: [["spaCy", tokensSpacy], ["transformers", tokensTransformers]],
  Text2Text: [["transformers", pairsTransformers]],
};

/** `server` is the address that clients use; `several` says that a text may have several labels. */
export function snippetsOf(dataset: DatasetRef, server: string, several: boolean): readonly Snippet[] {
  const { task } = dataset;
  const files = task === "TextClassification" ? (several ? SEVERAL : ONE) : OTHERS[task];
  const pipeline = { PIPELINE: several ? "textcat_multilabel" : "textcat" };
  return files.map(([library, code]) => ({ library, code: fillSnippet(code, dataset, server, pipeline) }));
}
