ARG V=1
RUN echo too early
FROM a b
FROM a ALS b
FROM
FROM x AS y z
