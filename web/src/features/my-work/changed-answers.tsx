/** Decisions about my answers: what is new first, one click from the records. */

import { Alert, Anchor, Button, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { type Feedback, feedbackQuery } from "@/api/inbox";
import { usePreferences } from "@/app/preferences";
import { queryOfIds } from "@/core/view";
import { inboxText } from "@/text/inbox";

const keyOf = ({ workspace, name }: Feedback) => `${workspace}/${name}`;
/** More ids than these make too long an address. */
const MOST = 50;

export function ChangedAnswers() {
  const { data = [] } = useQuery({ ...feedbackQuery, refetchOnMount: "always" });
  const [{ feedbackSeen = {} }, setPreferences] = usePreferences();
  return data
    .filter((each) => each.changed.length > 0)
    .map((each) => {
      const seen = feedbackSeen[keyOf(each)] ?? "";
      const fresh = each.changed.filter(({ at }) => at > seen);
      const shown = fresh.length ? fresh : each.changed;
      const { workspace, name } = each;
      const link = {
        to: "/datasets/$workspace/$name",
        params: { workspace, name },
        search: { q: queryOfIds(shown.slice(0, MOST).map(({ id }) => id)) },
        onClick: () => { setPreferences({ feedbackSeen: { ...feedbackSeen, [keyOf(each)]: each.changed[0]?.at ?? seen } }); },
      } as const;
      if (!fresh.length) {
        return (
          <p key={keyOf(each)}>
            <Anchor size="sm" renderRoot={(props: object) => <Link {...props} {...link} />}>
              {inboxText.earlier(each.changed.length, name)}
            </Anchor>
          </p>
        );
      }
      return (
        <Alert key={keyOf(each)} color="yellow" variant="light" mb="sm">
          <Text size="sm" fw={600} mb={6}>{inboxText.changed(fresh.length, name)}</Text>
          <Group gap="sm">
            <Button size="compact-sm" renderRoot={(props: object) => <Link {...props} {...link} />}>
              {inboxText.show}
              <span className="sr-only">{inboxText.showOf(name)}</span>
            </Button>
            {each.confirmed > 0 && <Text size="sm">{inboxText.confirmed(each.confirmed)}</Text>}
          </Group>
        </Alert>
      );
    });
}
