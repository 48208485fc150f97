"""Runs before any tool."""
