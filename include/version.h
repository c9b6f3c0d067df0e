/*
 * The release of both programs, and the version of the lines between them. A worker and a server
 * with different protocol numbers refuse each other.
 */
#ifndef VERSION_H
#define VERSION_H

#define SWEEPD_VERSION  "0.1.0"
#define SWEEPD_PROTOCOL 1

#endif
