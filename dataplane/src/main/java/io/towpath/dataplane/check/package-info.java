/**
 * Cases: folders that say what goes into the engine and what must come out. One set of assertions for {@code towpath check},
 * {@code towpath selftest} and the unit tests; {@code docs/check.md} describes the folder.
 *
 * <pre>
 *  case.yaml, objects, captures --CaseFolder--> CaseCheck --Replay--> frames and counters --FrameDifference--> CaseResult
 * </pre>
 */
package io.towpath.dataplane.check;
