/** What a connection that is being made cannot tell yet: nothing is read of it. */
export abstract class UnderWay {
  onReceived(): void {
    throw new Error('received before connected');
  }
  onEnd(): void {
    throw new Error('ended before connected');
  }
}
