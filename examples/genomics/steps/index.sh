#!/bin/bash
# Indexes the genome for the aligner (bwa) and for random access (samtools).
# reads:  reference/genome.fa
# writes: index/genome.fa and its indexes beside it
. "$(dirname "$0")/common.sh"
need bwa samtools
begin index
cp reference/genome.fa "$out/genome.fa"
logged bwa index "$out/genome.fa"
samtools faidx "$out/genome.fa"
commit
