import { Button, Group, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { useNavigate } from "react-router";
import { ProblemError } from "../api/client";
import { eventPath } from "../app/paths";
import { eventQuery } from "./queries";

/** Goes straight to an event, or says that there is none. */
export function FindById({ tenant }: { tenant: string }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [id, setId] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [looking, setLooking] = useState(false);

  async function find(submission: SubmitEvent) {
    submission.preventDefault();
    const wanted = id.trim();
    if (wanted === "") {
      setProblem("Enter the event's id, such as evt_01JQ8Z0F4M3B7C9D2E5G6H8J0K.");
      return;
    }
    setLooking(true);
    try {
      await client.query(eventQuery(tenant, wanted));
      await navigate(eventPath(tenant, wanted));
    } catch (error) {
      setProblem(words(error, wanted));
    } finally {
      setLooking(false);
    }
  }

  return (
    <form onSubmit={(submission) => void find(submission)}>
      <Group align="flex-start" wrap="nowrap" gap="xs">
        <TextInput
          flex={1}
          aria-label="Event id"
          placeholder="Find an event by its id"
          value={id}
          error={problem}
          autoComplete="off"
          spellCheck={false}
          onChange={(input) => {
            setId(input.currentTarget.value);
            setProblem(null);
          }}
        />
        <Button type="submit" loading={looking}>
          Find
        </Button>
      </Group>
    </form>
  );
}

function words(error: unknown, id: string): string {
  if (error instanceof ProblemError && error.status === 404) {
    return `There is no event ${id} here. Check the whole id; a new event is found within a second.`;
  }
  return error instanceof Error ? error.message : "The event could not be looked up. Try again.";
}
