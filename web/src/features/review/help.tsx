/** The keys of the review page, as this person has them. */

import { Modal, Table } from "@mantine/core";

import { actionName } from "@/text/action-names";
import { t } from "@/text/en";
import { reviewText } from "@/text/review";
import { Key } from "@/ui/key";

import { type ReviewAction, useReviewBindings } from "./keys";

function nameOf(action: ReviewAction): string {
  if (action === "guidelines") return t.guidelines.title;
  return action === "find-label" ? actionName(action) : reviewText.keyNames[action];
}

export function Help({ onClose }: { onClose: () => void }) {
  const keys = useReviewBindings();
  return (
    <Modal opened onClose={onClose} title={reviewText.help}>
      <Table>
        <Table.Tbody>
          {(Object.keys(keys) as ReviewAction[]).map((each) => (
            <Table.Tr key={each}>
              <Table.Th scope="row" fw={400}>{nameOf(each)}</Table.Th>
              <Table.Td>{keys[each].map((key) => <Key key={key} of={key} />)}</Table.Td>
            </Table.Tr>
          ))}
          <Table.Tr>
            <Table.Th scope="row" fw={400}>{reviewText.digits}</Table.Th>
            <Table.Td><Key of="1" /> … <Key of="9" /></Table.Td>
          </Table.Tr>
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
