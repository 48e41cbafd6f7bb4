/** The lines of Python that turn rules' votes into predictions. */

import type { DatasetRef } from "@/core/model";

export function votesCode({ workspace, name }: DatasetRef, several: boolean): string {
  const text = (value: string) => JSON.stringify(value);
  const matrix = several ? "WeakMultiLabels" : "WeakLabels";
  return [
    "import apportion as rg",
    `from apportion.labeling.text_classification import MajorityVoter, ${matrix}`,
    "",
    `rg.init(workspace=${text(workspace)})`,
    `weak = ${matrix}(${text(name)})`,
    'votes = MajorityVoter(weak).predict(prediction_agent="rules")',
    `rg.log(votes, ${text(name)})`,
  ].join("\n");
}
