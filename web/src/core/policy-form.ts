/** Policies as a form has them: what one choice says about the others, and what is to be sent. */

export interface PolicyForm {
  readonly annotation: "shared" | "individual";
  readonly blind: boolean;
  readonly visibility: "dataset" | "assigned";
  readonly resolution: "latest" | "majority" | "unanimous" | "dawid_skene" | "one_coin" | "adjudicated";
  readonly required: number;
  readonly annotators_may: string[];
  readonly skip: "next_person" | "back_to_me" | "drop";
}

/** The form after a change, with what follows from it: blind work needs annotations of one's own. */
export function withChange(form: PolicyForm, change: Partial<PolicyForm>): PolicyForm {
  const after = { ...form, ...change };
  if (change.blind) after.annotation = "individual";
  if (change.annotation === "shared") after.blind = false;
  if (after.annotation === "shared") after.resolution = "latest";
  else if (after.resolution === "latest") after.resolution = "majority";
  return after;
}

/** Only what differs. */
export function changesOf(stored: PolicyForm, form: PolicyForm): Partial<PolicyForm> {
  const same = (name: keyof PolicyForm) => JSON.stringify(normal(stored[name])) === JSON.stringify(normal(form[name]));
  return Object.fromEntries((Object.keys(form) as (keyof PolicyForm)[]).filter((name) => !same(name)).map((name) => [name, form[name]]));
}

/** Edits since a form was sent: all the rest is stored by now. */
export function editsSince(sent: Partial<PolicyForm>, now: Partial<PolicyForm>): Partial<PolicyForm> {
  const names = (Object.keys(now) as (keyof PolicyForm)[]).filter((name) => now[name] !== sent[name]);
  return Object.fromEntries(names.map((name) => [name, now[name]]));
}

const normal = (value: unknown) => (Array.isArray(value) ? [...(value as string[])].sort() : value);
