/*
 * Files of a population's members (search/population.h), of which only those are kept that a run
 * may still go on from: of a member that has come to the end of its generation the file kept-STEP,
 * and that until all of the next generation have been proposed and those that go on from it have
 * succeeded (one that failed may be tried again). Its own checkpoints go at once.
 *
 * What may go follows from what is on disk, so a restart finds what a crash has left; of a search
 * that had ended by then it is not looked for.
 */
#ifndef SEARCH_FILES_H
#define SEARCH_FILES_H

#include "workers/searching.h"

/* Run `number` has ended: looks at its generation and the one before. Searches without a population
 * have nothing to do here. */
void search_tidy(struct search *search, int number);
void search_tidy_all(struct search *search); /* on a restart */

#endif
