/** Agreement between people: over all, person by person, label by label, week by week; every number opens its records. */

import { ActionIcon, Alert, Button, Select, Skeleton, TextInput } from "@mantine/core";
import { IconSearch, IconX } from "@tabler/icons-react";
import { useQueries, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Suspense, useRef } from "react";

import { type Agreement, agreementQuery, annotatorsQuery, type Asked, type By, isMissing } from "@/api/agreement";
import { Failed } from "@/app/failed";
import { LeadersPage } from "@/app/leaders-page";
import type { DatasetRef } from "@/core/model";
import { saveFile } from "@/core/save-file";
import type { Params } from "@/core/view";
import { chartsText } from "@/text/charts";
import { t } from "@/text/en";
import { agreementText } from "@/text/agreement";
import { Empty } from "@/ui/empty";
import { panel } from "@/ui/panel";

import classes from "./agreement.module.css";
import { Confusion } from "./confusion";
import { Figures } from "./figures";
import { Matrix } from "./matrix";
import { nameOf } from "./numbers";
import { People } from "./people";
import { tableOf } from "./table";
import { Weeks } from "./weeks";
import { Whole } from "./whole";

const LabelShares = panel(() => import("./label-shares"));
const route = getRouteApi("/inside/datasets/$workspace/$name/agreement");

export function AgreementPage() {
  const { workspace, name } = route.useParams();
  return (
    <LeadersPage workspace={workspace} name={name} title={t.leaders.agreement}>
      {(dataset) => <Measured dataset={dataset} />}
    </LeadersPage>
  );
}

/** Measures that compare answers of a task; the first is what the server takes by itself. */
const MEASURES: Record<DatasetRef["task"], readonly string[]> = {
  TextClassification: ["alpha", "percent", "ac1", "fleiss", "cohen", "alpha_ordinal", "alpha_masi", "alpha_jaccard"],
  TokenClassification: ["span_f1", "span_boundary_f1", "span_label_f1", "span_overlap_f1", "token_alpha", "alpha_u", "gamma", "percent"],
  Text2Text: ["alpha_edit", "percent"],
};

function text(params: Params, name: string): string {
  const given = params[name];
  return (Array.isArray(given) ? given[0] : given) ?? "";
}

function Measured({ dataset }: { dataset: DatasetRef }) {
  const params = route.useSearch() as Params;
  const navigate = route.useNavigate();
  const field = useRef<HTMLInputElement>(null);
  const asked: Asked = { measure: text(params, "measure"), q: text(params, "q") };
  const whole = useQuery(agreementQuery(dataset, asked, null));
  // percent beside α, and the other way round: the one is easily read, the other says more
  const measured = whole.data?.measure;
  const beside = useQuery({ ...agreementQuery(dataset, { ...asked, measure: measured === "percent" ? "" : "percent" }, null), enabled: measured !== undefined });
  const to = (part: Partial<Asked>) => {
    const { measure, q } = { ...asked, ...part };
    void navigate({ search: () => ({ ...(q ? { q } : {}), ...(measure ? { measure } : {}) }) });
  };

  if (isMissing(whole.error)) return <Empty title={agreementText.missing}>{agreementText.missingIntro}</Empty>;
  return (
    <>
      <div className={classes["tools"]}>
        <Select
          size="xs"
          aria-label={agreementText.measure}
          allowDeselect={false}
          w={260}
          data={MEASURES[dataset.task].map((value) => ({ value, label: agreementText.measures[value] ?? value }))}
          value={asked.measure || (whole.data?.measure ?? MEASURES[dataset.task][0] ?? null)}
          onChange={(measure) => { to({ measure: measure ?? "" }); }}
        />
        <form
          role="search"
          className={classes["search"]}
          onSubmit={(event) => {
            event.preventDefault();
            to({ q: field.current?.value ?? "" });
          }}
        >
          <TextInput
            key={asked.q}
            ref={field}
            size="xs"
            aria-label={t.annotate.searchLabel}
            placeholder={agreementText.onlyRecords}
            defaultValue={asked.q}
            leftSection={<IconSearch size={14} />}
            {...(asked.q
              ? {
                  rightSection: (
                    <ActionIcon size="sm" aria-label={t.common.clear} onClick={() => { to({ q: "" }); }}>
                      <IconX size={14} />
                    </ActionIcon>
                  ),
                }
              : {})}
          />
        </form>
        {whole.data && <Download dataset={dataset} asked={asked} whole={whole.data} />}
      </div>
      {whole.isPending ? (
        <Skeleton h={160} role="progressbar" aria-label={t.common.loading} />
      ) : whole.isError ? (
        <Failed failure={whole.error} onRetry={() => void whole.refetch()} />
      ) : (
        <>
          <Whole dataset={dataset} figure={whole.data} beside={beside.data} />
          <div className={classes["parts"]}>
            <Part dataset={dataset} asked={asked} by="pair" />
            {dataset.task !== "Text2Text" && <Part dataset={dataset} asked={asked} by="label" />}
            <Part dataset={dataset} asked={asked} by="person" />
            <Part dataset={dataset} asked={asked} by="week" />
            <Annotators dataset={dataset} q={asked.q} />
          </div>
        </>
      )}
    </>
  );
}

const BYS: readonly By[] = ["pair", "label", "person", "week"];
const TITLES: Record<By, string> = { pair: agreementText.byPair, label: agreementText.byLabel, week: agreementText.byWeek, person: agreementText.byPerson };

function Part({ dataset, asked, by }: { dataset: DatasetRef; asked: Asked; by: By }) {
  const { data, error, isPending } = useQuery(agreementQuery(dataset, asked, by));
  const figures = data?.by ?? [];
  const measured = figures[0]?.measure;
  // one person against changing others has no chance to be corrected for, so the server takes another measure
  const other = data && measured !== undefined && measured !== data.measure ? agreementText.otherMeasure(nameOf(measured), nameOf(data.measure)) : null;
  const shown =
    by === "pair" ? (
      <Matrix dataset={dataset} figures={figures} />
    ) : by === "week" ? (
      <Weeks dataset={dataset} figures={figures} />
    ) : (
      <Figures dataset={dataset} figures={figures} nameOf={(each) => (by === "person" ? each.person : each.label) ?? ""} head={by === "person" ? agreementText.person : agreementText.label} />
    );
  return (
    <section className={classes["part"]} aria-label={TITLES[by]}>
      <h2>{TITLES[by]}</h2>
      {isPending ? (
        <Skeleton h={120} role="progressbar" aria-label={t.common.loading} />
      ) : error ? (
        <Alert color="orange">{error.message}</Alert>
      ) : figures.length ? (
        <>
          {shown}
          {other && <p className={classes["note"]}>{other}</p>}
        </>
      ) : (
        <p className={classes["note"]}>{agreementText.nothingShared}</p>
      )}
    </section>
  );
}

function Annotators({ dataset, q }: { dataset: DatasetRef; q: string }) {
  const { data } = useQuery(annotatorsQuery(dataset, q));
  if (!data?.annotators.length) return null;
  return (
    <>
      <section className={classes["part"]} aria-label={agreementText.people}>
        <h2>{agreementText.people}</h2>
        <People dataset={dataset} q={q} people={data.annotators} why={data.why} />
      </section>
      {data.pairs.length > 0 && (
        <section className={classes["part"]} aria-label={chartsText.agreement.confusion}>
          <h2>{chartsText.agreement.confusion}</h2>
          <Confusion dataset={dataset} q={q} pairs={data.pairs} />
        </section>
      )}
      {data.annotators.some((each) => Object.keys(each.given).length > 0) && (
        <section className={`${classes["part"] ?? ""} ${classes["wholewide"] ?? ""}`} aria-label={chartsText.labels.title}>
          <h2>{chartsText.labels.title}</h2>
          <p className={classes["note"]}>{chartsText.labels.intro}</p>
          <Suspense fallback={<Skeleton h={120} role="progressbar" aria-label={t.common.loading} />}>
            <LabelShares people={data.annotators} />
          </Suspense>
        </section>
      )}
    </>
  );
}

/** Everything that is shown, as a table. */
function Download({ dataset, asked, whole }: { dataset: DatasetRef; asked: Asked; whole: Agreement }) {
  const parts = useQueries({ queries: BYS.filter((by) => by !== "label" || dataset.task !== "Text2Text").map((by) => agreementQuery(dataset, asked, by)) });
  const people = useQuery(annotatorsQuery(dataset, asked.q));
  function save() {
    const table = tableOf({ whole, parts: parts.map((each) => each.data), people: people.data?.annotators ?? [], pairs: people.data?.pairs ?? [] });
    saveFile(new Blob([`\uFEFF${table}`], { type: "text/csv" }), `agreement-${dataset.name}.csv`);
  }
  return (
    <Button size="xs" variant="default" ms="auto" disabled={parts.some((each) => each.isPending)} onClick={save}>
      {chartsText.agreement.csv}
    </Button>
  );
}
