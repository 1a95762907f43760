FROM debian:bookworm-slim
RUN echo fine
  WROKDIR /app
COPPY . .
FROBNICATE x
