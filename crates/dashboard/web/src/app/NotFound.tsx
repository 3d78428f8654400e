import { Button } from "@mantine/core";
import { IconMapPinOff } from "@tabler/icons-react";
import { Link } from "react-router";
import { Empty } from "../parts/Empty";
import { Page } from "../parts/Page";

/** For addresses that lead nowhere, and for tenants that are somebody else's. */
export function NotFound() {
  return (
    <Page title="Not found">
      <Empty
        icon={<IconMapPinOff />}
        title="There is nothing at this address"
        text="It may have been deleted, or the link is incomplete."
        action={
          <Button component={Link} to="/">
            Go to the overview
          </Button>
        }
      />
    </Page>
  );
}
