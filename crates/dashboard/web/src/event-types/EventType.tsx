import { useQuery } from "@tanstack/react-query";
import { useParams, useSearchParams } from "react-router";
import { eventTypesPath } from "../app/paths";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { useTenant } from "../session/session";
import { useMayDescribe } from "./access";
import { Described } from "./Described";
import { Form } from "./Form";
import { NotDescribed } from "./NotDescribed";
import { eventTypeQuery } from "./queries";
import { TypeActions } from "./TypeActions";

/** A type of event; with `?edit` its form. */
export function Component() {
  const tenant = useTenant();
  const { name = "" } = useParams();
  const mayDescribe = useMayDescribe();
  const [params, setParams] = useSearchParams();
  const query = useQuery(eventTypeQuery(tenant, name));
  const editing = mayDescribe && params.has("edit");
  const edit = (on: boolean) => setParams(on ? { edit: "" } : {}, { replace: !on });

  return (
    <Page
      title={name}
      crumbs={[{ label: "Event types", to: eventTypesPath(tenant) }, { label: name }]}
      actions={
        mayDescribe && !editing && query.data ? (
          <TypeActions tenant={tenant} name={name} onEdit={() => edit(true)} />
        ) : undefined
      }
    >
      <Loaded query={query}>
        {(type) => {
          if (editing) return <Form tenant={tenant} name={name} type={type} onClose={() => edit(false)} />;
          if (type !== null) return <Described tenant={tenant} type={type} />;
          const describe = mayDescribe ? () => edit(true) : undefined;
          return <NotDescribed tenant={tenant} name={name} onDescribe={describe} />;
        }}
      </Loaded>
    </Page>
  );
}
