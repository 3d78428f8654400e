import { notifications } from "@mantine/notifications";
import { type QueryKey, type UseMutationResult, useMutation, useQueryClient } from "@tanstack/react-query";
import { type ProblemError, asProblem } from "../api/problem";
import { keepFocus } from "./focus";

interface ActionOptions<O> {
  /** What to say when it is done. */
  done?: string | ((output: O) => string);
  /** What to ask for again afterwards: queries whose keys begin with one of these. */
  refresh?: QueryKey[];
  /** The form itself says why it failed, by `FormProblem`. */
  inForm?: boolean;
}

/**
 * Something that changes things: says when it is done, asks anew for what it changed, and says why it failed
 * unless a form does.
 */
export function useAction<I, O>(
  act: (input: I) => Promise<O>,
  { done, refresh = [], inForm = false }: ActionOptions<O>,
): UseMutationResult<O, ProblemError, I> {
  const queries = useQueryClient();
  return useMutation<O, ProblemError, I>({
    mutationFn: async (input) => {
      const giveBack = keepFocus();
      try {
        return await act(input);
      } catch (error) {
        throw asProblem(error);
      } finally {
        giveBack();
      }
    },
    onSuccess: async (output) => {
      if (done !== undefined) {
        notifications.show({ message: typeof done === "string" ? done : done(output), color: "teal" });
      }
      await Promise.all(refresh.map((queryKey) => queries.invalidateQueries({ queryKey })));
    },
    onError: (error) => {
      if (inForm || error.status === 401) return;
      notifications.show({
        title: error.title,
        message: [error.detail, ...error.errors.map(({ detail }) => detail)].join(" "),
        color: "red",
        autoClose: 10_000,
        role: "alert",
      });
    },
  });
}
