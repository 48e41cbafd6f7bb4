/** The last answer was taken, but is not among those that count. */

import { Alert } from "@mantine/core";

import { useOutbox } from "@/app/outbox-provider";
import type { NotedAnswer } from "@/core/outbox";
import { codesText } from "@/text/codes";
import { t } from "@/text/en";

export default function NotCounted({ noted }: { noted: NotedAnswer }) {
  const outbox = useOutbox();
  if (noted.why === null) return null;
  return (
    <Alert
      color="yellow"
      variant="light"
      role="status"
      mb="sm"
      withCloseButton
      closeButtonLabel={t.common.close}
      onClose={() => { outbox.dismiss(); }}
    >
      {t.feedback.notCounted(noted.id, codesText.countDecision[noted.why])}
    </Alert>
  );
}
