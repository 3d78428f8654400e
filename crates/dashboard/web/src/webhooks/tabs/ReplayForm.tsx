import {
  Alert,
  Button,
  Group,
  NumberInput,
  Radio,
  SimpleGrid,
  Stack,
  TagsInput,
  TextInput,
} from "@mantine/core";
import { useState } from "react";
import { answered, api, inTenant } from "../../api/client";
import { FormProblem, fieldProblems } from "../../parts/FormProblem";
import { count } from "../../parts/formats";
import { useAction } from "../../parts/useAction";
import { useTenant } from "../../session/session";
import type { NewReplay, Webhook } from "../types";
import { ONLY_WORDS, draftProblems, newDraft, replayOf } from "./replayDraft";

const FIELDS = ["since", "until", "types", "only", "max_per_second"];
const KINDS = Object.keys(ONLY_WORDS) as NewReplay["only"][];

interface ReplayFormProps {
  webhook: Webhook;
  onBegun: (id: string) => void;
}

/** Says what to send again: first it is counted, then it is sent. */
export function ReplayForm({ webhook, onBegun }: ReplayFormProps) {
  const tenant = useTenant();
  const [draft, setDraft] = useState(() => newDraft(Date.now()));
  const [problems, setProblems] = useState<Record<string, string>>({});
  const params = { header: inTenant(tenant), path: { id: webhook.id } };
  const act = (dryRun: boolean) =>
    answered(api.POST("/v1/webhooks/{id}/replay", { params, body: replayOf(draft, dryRun) }));
  const dryRun = useAction(() => act(true), { inForm: true });
  const start = useAction(() => act(false), {
    done: "The replay is under way.",
    refresh: [["live", tenant, "deliveries"]],
    inForm: true,
  });
  const error = start.error ?? dryRun.error;
  const shown = { ...fieldProblems(error), ...problems };

  const change = (part: Partial<typeof draft>) => {
    setDraft({ ...draft, ...part });
    setProblems({});
    // What was counted is no longer what would be sent.
    dryRun.reset();
    start.reset();
  };
  const check = () => {
    const found = draftProblems(draft, Date.now());
    setProblems(found);
    return Object.keys(found).length === 0;
  };
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (check()) dryRun.mutate(undefined);
      }}
    >
      <Stack>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput
            type="datetime-local"
            label="Accepted since"
            withAsterisk
            value={draft.since}
            onChange={(event) => change({ since: event.currentTarget.value })}
            error={shown.since}
          />
          <TextInput
            type="datetime-local"
            label="Accepted before"
            description="Left empty, until now."
            inputWrapperOrder={["label", "input", "description", "error"]}
            value={draft.until}
            onChange={(event) => change({ until: event.currentTarget.value })}
            error={shown.until}
          />
        </SimpleGrid>
        <Radio.Group
          label="Which of them"
          value={draft.only}
          onChange={(chosen) => change({ only: KINDS.find((kind) => kind === chosen) ?? "failed" })}
          error={shown.only}
        >
          <Stack gap="xs" mt="xs">
            {KINDS.map((kind) => (
              <Radio key={kind} value={kind} {...ONLY_WORDS[kind]} />
            ))}
          </Stack>
        </Radio.Group>
        <TagsInput
          label="Types"
          description="Types or patterns; left empty, all that the webhook subscribes to."
          splitChars={[",", " "]}
          value={draft.types}
          onChange={(types) => change({ types })}
          error={shown.types}
        />
        <NumberInput
          label="At most per second"
          description="So that the receiver keeps up; left empty, as fast as the webhook allows."
          min={1}
          allowDecimal={false}
          value={draft.max_per_second}
          onChange={(max) => change({ max_per_second: typeof max === "number" ? max : "" })}
          error={shown.max_per_second}
        />
        <FormProblem error={error} fields={FIELDS} />
        <Group>
          <Button type="submit" variant="default" loading={dryRun.isPending}>
            Count them
          </Button>
        </Group>
        {dryRun.data && (
          <Found
            matched={dryRun.data.matched}
            mayStart={webhook.is_active ?? true}
            isStarting={start.isPending}
            onStart={() =>
              start.mutate(undefined, {
                onSuccess: ({ id }) => {
                  onBegun(id);
                  dryRun.reset();
                },
              })
            }
          />
        )}
      </Stack>
    </form>
  );
}

interface FoundProps {
  matched: number;
  mayStart: boolean;
  isStarting: boolean;
  onStart: () => void;
}

function Found({ matched, mayStart, isStarting, onStart }: FoundProps) {
  if (matched === 0)
    return (
      <Alert role="status" color="gray">
        No event is like that; there is nothing to send again.
      </Alert>
    );
  const events = matched === 1 ? "1 event" : `${count(matched)} events`;
  return (
    <Alert role="status" title={`${events} would be sent again`}>
      {mayStart ? (
        <Button loading={isStarting} onClick={onStart}>
          Send {events}
        </Button>
      ) : (
        "Resume the webhook to send them."
      )}
    </Alert>
  );
}
