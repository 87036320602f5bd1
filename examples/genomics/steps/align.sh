#!/bin/bash
# Array step, one child per chunk: aligns its read pairs and sorts them by position.
# reads:  index/ reads/CHUNK/
# writes: align/CHUNK/aligned.bam and its index
# -K fixes how many bases bwa takes at a time; by default that, and so the result, depends on the number of threads.
. "$(dirname "$0")/common.sh"
need bwa samtools
chunk=$(array_index "$chunks")
sample=$([[ $((chunk % 2)) == 1 ]] && echo A || echo B)
begin "align/$chunk"
group="@RG\tID:lane$chunk\tSM:$sample\tLB:$sample\tPL:ILLUMINA"
logged bwa mem -t "$cpus" -K 2000000 -R "$group" index/genome.fa "reads/$chunk"/reads_{1,2}.fastq |
  samtools fixmate --no-PG -u -m - - |
  samtools sort --no-PG -@ "$((cpus - 1))" -m 64M -T "$out/sort" -o "$out/aligned.bam" -
samtools index "$out/aligned.bam"
commit
