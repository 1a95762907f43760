FROM debian AS 1bad
RUN
COPY --chwon=app . /app
COPY --chown= onlyone
COPY --link=maybe a b
COPY --from=$STAGE /x /x
COPY --chmod=1 --chmod=2 a b
ENV A=1 \
    B
EXPOSE
SHELL /bin/bash -c
HEALTHCHECK --interval=5 CMD x
HEALTHCHECK --retries=-1 CMD x
HEALTHCHECK MAYBE x
ONBUILD ONBUILD RUN x
ONBUILD FROM x
ONBUILD RUNN x
RUN --mount=type=bind,taget=/x true
RUN --network=bridge true
CMD [1, 2]
RUN <<EOF
never closed
EOT
