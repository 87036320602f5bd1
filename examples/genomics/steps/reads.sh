#!/bin/bash
# Array step, one child per chunk: sequences one lane of sample A (odd chunks) or B (even chunks).
# reads:  reference/haplotypes.fa
# writes: reads/CHUNK/reads_1.fastq reads_2.fastq
. "$(dirname "$0")/common.sh"
need python3
chunk=$(array_index "$chunks")
begin "reads/$chunk"
python3 "$here/simulate.py" reads --seed "$seed" --chunk "$chunk" --chunks "$chunks" reference/haplotypes.fa "$out"
commit
