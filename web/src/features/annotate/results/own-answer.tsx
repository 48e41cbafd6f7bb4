/** Page on which somebody who leads answers one record in their own name, because they chose to. */

import { Alert, Button, Text } from "@mantine/core";
import { useMemo } from "react";

import { DEFAULT_VIEW, queryOfIds } from "@/core/view";
import { OneFound, type OneProps } from "@/features/annotate/one/one";
import { resultsText } from "@/text/results";

export default function OwnAnswer({ record, ...props }: Omit<OneProps, "goOn"> & { readonly record: string }) {
  const { onView } = props;
  const view = useMemo(() => ({ ...DEFAULT_VIEW, q: queryOfIds([record]), record, own: true }), [record]);
  return (
    <>
      <Alert variant="light" color="gray" mb="sm" title={resultsText.ownTitle}>
        <Text size="sm" mb={6}>{resultsText.ownIntro}</Text>
        <Button size="compact-sm" variant="default" onClick={() => { onView({ own: false }); }}>
          {resultsText.back}
        </Button>
      </Alert>
      <OneFound {...props} view={view} goOn={false} />
    </>
  );
}
