export interface TestInput {
  type?: string;
  /**
   * Its data as JSON text, sent as it is written: numbers may have more digits than JavaScript's can hold.
   */
  data?: string;
}

/** The body that asks for a test. */
export function testBody({ type, data }: TestInput): string {
  const members = [
    ...(type === undefined ? [] : [`"type":${JSON.stringify(type)}`]),
    ...(data === undefined ? [] : [`"data":${data}`]),
  ];
  return `{${members.join(",")}}`;
}
