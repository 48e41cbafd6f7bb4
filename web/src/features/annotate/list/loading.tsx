/** The place of records that are being read. */

import { Skeleton } from "@mantine/core";

import { t } from "@/text/en";

export function Loading() {
  return (
    <div role="status" aria-label={t.common.loading}>
      {[1, 2, 3].map((each) => (
        <Skeleton key={each} h={150} mb={8} />
      ))}
    </div>
  );
}
