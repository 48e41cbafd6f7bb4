/** The keys of the review page. */

import { Modal, Table } from "@mantine/core";

import { t } from "@/text/en";
import { reviewText } from "@/text/review";
import { Key } from "@/ui/key";

import { REVIEW_KEYS, type ReviewAction } from "./keys";

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title={reviewText.help}>
      <Table>
        <Table.Tbody>
          {(Object.keys(REVIEW_KEYS) as ReviewAction[]).map((each) => (
            <Table.Tr key={each}>
              <Table.Th scope="row" fw={400}>{each === "guidelines" ? t.guidelines.title : reviewText.keyNames[each]}</Table.Th>
              <Table.Td>{REVIEW_KEYS[each].map((key) => <Key key={key} of={key} />)}</Table.Td>
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
