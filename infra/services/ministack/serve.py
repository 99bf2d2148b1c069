"""Runs ministack with API Gateway, CloudFormation and Lambda closer to AWS's.

Each function in patches/ changes one thing in ministack's modules that the templates of this repository rely on. They belong to the
version that requirements.txt names: a newer one may have closed some of these gaps.
"""

from ministack import app
from patches import apis, functions, permissions, requests, roles, stacks  # noqa: F401

if __name__ == "__main__":
    app.main()
