import { Button, Stack } from "@mantine/core";
import { IconTags } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { CursorPager } from "../parts/CursorPager";
import { Empty } from "../parts/Empty";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { useTenant } from "../session/session";
import { useMayDescribe } from "./access";
import { NewType } from "./NewType";
import { eventTypesPageQuery } from "./queries";
import { TypeRows } from "./TypeRows";

/** The types of event that a tenant has described. */
export function Component() {
  const tenant = useTenant();
  const mayDescribe = useMayDescribe();
  const [params] = useSearchParams();
  const types = useQuery(eventTypesPageQuery(tenant, params.get("cursor") ?? undefined));
  const [naming, setNaming] = useState(false);
  const describe = mayDescribe && <Button onClick={() => setNaming(true)}>Describe a type</Button>;

  return (
    <Page title="Event types" actions={describe}>
      <Loaded
        query={types}
        empty={(page) => page.data.length === 0}
        whenEmpty={
          <Empty
            icon={<IconTags />}
            title="No types described yet"
            text={
              "Events can be published without it. A description says what a type means to those who add " +
              "webhooks; its example is what tests send, and its schema keeps malformed events out."
            }
            action={describe}
          />
        }
      >
        {(page) => (
          <Stack>
            <TypeRows tenant={tenant} types={page.data} stale={types.isPlaceholderData} />
            <CursorPager next={page.next_cursor ?? null} />
          </Stack>
        )}
      </Loaded>
      <NewType tenant={tenant} opened={naming} onClose={() => setNaming(false)} />
    </Page>
  );
}
