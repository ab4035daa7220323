"""The images of others that the stack uses; docker-compose.yml and deploy/Dockerfile name the same ones."""

KAFKA = "apache/kafka:4.1.1"
POSTGRES = "postgres:17"
PYTHON = "python:3.13-slim"
