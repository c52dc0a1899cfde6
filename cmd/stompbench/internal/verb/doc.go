// Package verb is what the verbs of stompbench share when they are carried out: the streams that they
// write to, exit codes, what errors mean to the user, the description of a plan, the embedded broker,
// and the folder of a result. Each verb is a package below this one, with a function Command that
// makes its cobra command; package cli lists them.
//
// A verb returns an error: a usage error, any other error, or an [Exit] with the code of a result
// that it has reported already.
//
// Imports: x/term, to detect a terminal and its width; broker, conn and frame of stompwire; and the
// packages of stompbench that make a run and its report.
package verb
