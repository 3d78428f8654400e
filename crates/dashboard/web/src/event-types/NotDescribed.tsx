import { Button, Group } from "@mantine/core";
import { IconTag } from "@tabler/icons-react";
import { Link } from "react-router";
import { eventsPath } from "../app/paths";
import { Empty } from "../parts/Empty";

interface Props {
  tenant: string;
  name: string;
  /** Left out for those who may not. */
  onDescribe?: () => void;
}

/** A type that may well be published, but that nobody has said anything about. */
export function NotDescribed({ tenant, name, onDescribe }: Props) {
  return (
    <Empty
      icon={<IconTag />}
      title={`${name} is not described`}
      text="Types need no description to be published. With one, people who add webhooks learn what it means."
      action={
        <Group justify="center">
          {onDescribe && <Button onClick={onDescribe}>Describe it</Button>}
          <Button component={Link} to={eventsPath(tenant, { type: name })} variant="default">
            Its events
          </Button>
        </Group>
      }
    />
  );
}
