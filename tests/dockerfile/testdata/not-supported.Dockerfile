FROM scratch
ADD https://example.com/x.tar.gz /x
ADD git@example.com:a/b.git /x
COPY http://example.com/x /x
ADD --checksum=sha256:00 a /x
ADD --keep-git-dir a /x
RUN --security=insecure true
RUN --mount=type=ssh true
