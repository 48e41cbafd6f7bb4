/** Filters of the audit log; asked for when the form is sent. */

import { Button, Group, MultiSelect, Select, TextInput } from "@mantine/core";
import { useState } from "react";

import type { AuditFilter, EventArea } from "@/api/audit";
import type { Me } from "@/api/session";
import { manages } from "@/core/roles";
import { audit } from "@/text/audit";

import classes from "./audit.module.css";
import { narrowed, NO_FILTER } from "./audit-filter";

const AREAS = Object.entries(audit.areas).map(([value, label]) => ({ value, label }));

export function Filters({ me, filter, change }: { me: Me; filter: AuditFilter; change: (filter: AuditFilter) => void }) {
  const [form, setForm] = useState(filter);
  const set = (part: Partial<AuditFilter>) => { setForm({ ...form, ...part }); };
  const text = (name: "who" | "dataset" | "from" | "to" | "text", type = "text") => (
    <TextInput label={audit[name]} type={type} value={form[name]} onChange={(event) => { set({ [name]: event.currentTarget.value }); }} maxLength={200} />
  );
  const workspaces = me.workspaces.filter((each) => manages(me, each));
  return (
    <form
      role="search"
      aria-label={audit.filters}
      className={classes["filters"]}
      onSubmit={(event) => {
        event.preventDefault();
        change(form);
      }}
    >
      <MultiSelect
        label={audit.area}
        placeholder={form.area.length ? "" : audit.allAreas}
        data={AREAS}
        value={[...form.area]}
        onChange={(area) => { set({ area: area as EventArea[] }); }}
        className={classes["wide"] ?? ""}
        clearable
        hidePickedOptions
      />
      {text("who")}
      <Select label={audit.workspace} placeholder={audit.allWorkspaces} data={workspaces} value={form.workspace || null} onChange={(workspace) => { set({ workspace: workspace ?? "" }); }} clearable searchable />
      {text("dataset")}
      {text("from", "date")}
      {text("to", "date")}
      {text("text")}
      <Group gap="xs" align="end">
        <Button type="submit">{audit.show}</Button>
        {narrowed(filter) && (
          <Button variant="subtle" color="gray" onClick={() => { change(NO_FILTER); }}>
            {audit.clear}
          </Button>
        )}
      </Group>
    </form>
  );
}
