/** By which of its vectors records like one are wanted. */

import { Button, Modal, Stack } from "@mantine/core";

import { annotatingText } from "@/text/annotating";

export default function ChooseVector({ names, onChoose, onClose }: { names: readonly string[]; onChoose: (name: string) => void; onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title={annotatingText.similar.which} size="sm">
      <Stack gap="xs">
        {names.map((each, at) => (
          <Button key={each} variant="default" justify="flex-start" {...(at === 0 ? { "data-autofocus": true } : {})} onClick={() => { onChoose(each); }}>
            {each}
          </Button>
        ))}
      </Stack>
    </Modal>
  );
}
